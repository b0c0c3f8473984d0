-- Every account of the newest date with all that is told of it.
--
-- Inputs: ranking, engagement, history, creators.

SELECT
    ranking.*,
    engagement.* EXCLUDE (
        platform, profile_id, handle, followers, tier, sector, country, language, sex, age_band, tone, snapshot_date
    ),
    history.followers_growth_7d,
    history.followers_growth_30d,
    creators.creator_id,
    creators.creator_reason
FROM ranking
JOIN engagement ON ranking.platform = engagement.platform AND ranking.profile_id = engagement.profile_id
LEFT JOIN history ON ranking.platform = history.platform AND ranking.profile_id = history.profile_id
LEFT JOIN creators ON ranking.platform = creators.platform AND ranking.profile_id = creators.profile_id;
