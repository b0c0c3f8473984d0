-- One row per account: its shrunken engagement, how that compares with its tier, and its rank.
--
-- Inputs: engagement, priors, parameters. An account's own mean log ratio is drawn towards its tier's typical one,
-- the more the fewer posts it rests on; rank goes by the lower end of the interval, over the tier's typical value.

WITH weighed AS (
    SELECT
        engagement.*,
        priors.log_typical,
        CASE
            WHEN engagement.log_count > 0 THEN (
                engagement.log_count * priors.between_variance * (engagement.log_ratio / 1e6)
                + priors.within_variance * priors.log_typical
            ) / (engagement.log_count * priors.between_variance + priors.within_variance)
        END AS log_estimate,
        CASE
            WHEN engagement.log_count > 0 THEN sqrt(
                priors.between_variance * priors.within_variance
                / (engagement.log_count * priors.between_variance + priors.within_variance)
            )
        END AS log_deviation
    FROM engagement
    LEFT JOIN priors ON engagement.platform = priors.platform AND engagement.tier = priors.tier
),

estimated AS (
    SELECT
        weighed.*,
        exp(log_estimate - parameters.interval_z * log_deviation) AS engagement_low,
        exp(log_estimate) AS engagement_estimate,
        exp(log_estimate + parameters.interval_z * log_deviation) AS engagement_high,
        exp(log_estimate - log_typical) AS lift,
        exp(log_estimate - parameters.interval_z * log_deviation - log_typical) AS lift_low
    FROM weighed
    CROSS JOIN parameters
),

-- Ranks are counted over the few columns they need, which is several times faster than over whole rows.
keys AS (
    SELECT
        platform,
        profile_id,
        tier,
        sector,
        country,
        lift_low,
        CASE WHEN is_ranked_tier THEN 1 END AS is_ranked
    FROM estimated
    WHERE lift_low IS NOT NULL
),

places AS (
    SELECT
        platform,
        profile_id,
        row_number() OVER (ORDER BY lift_low DESC, platform, profile_id) AS place,
        row_number() OVER (PARTITION BY tier ORDER BY lift_low DESC, platform, profile_id) AS place_in_tier,
        row_number() OVER (PARTITION BY platform ORDER BY lift_low DESC, profile_id) AS place_in_platform,
        row_number() OVER (PARTITION BY sector ORDER BY lift_low DESC, platform, profile_id) AS place_in_sector,
        row_number() OVER (PARTITION BY country ORDER BY lift_low DESC, platform, profile_id) AS place_in_country
    FROM keys
    WHERE is_ranked = 1
),

percentiles AS (
    SELECT
        platform,
        profile_id,
        cume_dist() OVER (PARTITION BY platform, tier ORDER BY lift_low) AS tier_percentile
    FROM keys
)

SELECT
    places.place AS rank,
    -- 50 where the account is at least as engaging as its tier's typical one, 100 never reached.
    100 * estimated.lift_low / (1 + estimated.lift_low) AS score,
    estimated.platform,
    estimated.profile_id,
    estimated.handle,
    estimated.display_name,
    estimated.profile_url,
    estimated.followers,
    estimated.tier,
    estimated.sector,
    estimated.country,
    estimated.language,
    estimated.sex,
    estimated.age_band,
    estimated.tone,
    estimated.like_rate,
    estimated.comment_rate,
    estimated.engagement_ratio,
    estimated.engagement_ratio_mean,
    estimated.view_engagement_ratio,
    estimated.reported_engagement_ratio,
    estimated.engagement_null_reason,
    estimated.engagement_low,
    estimated.engagement_estimate,
    estimated.engagement_high,
    estimated.lift,
    estimated.lift_low,
    percentiles.tier_percentile,
    CAST(NULL AS DOUBLE) AS authenticity,
    nullif(concat_ws(
        ', ',
        CASE WHEN engagement_ratio_mean > 1.5 * engagement_ratio THEN 'one_viral_post' END,
        CASE WHEN engagement_ratio > 1 THEN 'ratio_over_1' END,
        CASE WHEN hidden_like_posts > 0 THEN 'hidden_likes' END,
        CASE WHEN following > 1500 THEN 'mass_following' END
    ), '') AS flags,
    estimated.posts_sampled,
    estimated.sample_basis,
    estimated.hidden_like_posts,
    estimated.days_since_last_post,
    estimated.posts_per_week,
    estimated.sponsored_share,
    places.place_in_tier AS rank_in_tier,
    places.place_in_platform AS rank_in_platform,
    CASE WHEN estimated.sector IS NOT NULL THEN places.place_in_sector END AS rank_in_sector,
    CASE WHEN estimated.country IS NOT NULL THEN places.place_in_country END AS rank_in_country,
    estimated.snapshot_date,
    estimated.snapshot_age_days,
    estimated.source,
    estimated.landed_file,
    estimated.landed_row
FROM estimated
LEFT JOIN places ON estimated.platform = places.platform AND estimated.profile_id = places.profile_id
LEFT JOIN percentiles
    ON estimated.platform = percentiles.platform AND estimated.profile_id = percentiles.profile_id;
