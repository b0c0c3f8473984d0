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

scored AS (
    SELECT
        estimated.*,
        -- 50 where the account is at least as engaging as its tier's typical one, 100 never reached.
        100 * lift_low / (1 + lift_low) AS score,
        CASE WHEN is_ranked_tier AND lift_low IS NOT NULL THEN 1 END AS is_ranked
    FROM estimated
),

ranked AS (
    SELECT
        scored.*,
        CASE
            WHEN lift_low IS NOT NULL
                THEN cume_dist() OVER (
                    PARTITION BY platform, tier, lift_low IS NOT NULL ORDER BY lift_low
                )
        END AS tier_percentile,
        row_number() OVER (PARTITION BY is_ranked ORDER BY lift_low DESC, platform, profile_id) AS place,
        row_number() OVER (PARTITION BY is_ranked, tier ORDER BY lift_low DESC, platform, profile_id) AS place_in_tier,
        row_number() OVER (PARTITION BY is_ranked, platform ORDER BY lift_low DESC, profile_id) AS place_in_platform,
        row_number() OVER (PARTITION BY is_ranked, sector ORDER BY lift_low DESC, platform, profile_id) AS place_in_sector,
        row_number() OVER (PARTITION BY is_ranked, country ORDER BY lift_low DESC, platform, profile_id) AS place_in_country
    FROM scored
)

SELECT
    CASE WHEN is_ranked = 1 THEN place END AS rank,
    score,
    platform,
    profile_id,
    handle,
    display_name,
    profile_url,
    followers,
    tier,
    sector,
    country,
    language,
    sex,
    age_band,
    tone,
    like_rate,
    comment_rate,
    engagement_ratio,
    engagement_ratio_mean,
    view_engagement_ratio,
    reported_engagement_ratio,
    engagement_null_reason,
    engagement_low,
    engagement_estimate,
    engagement_high,
    lift,
    lift_low,
    tier_percentile,
    CAST(NULL AS DOUBLE) AS authenticity,
    nullif(concat_ws(
        ', ',
        CASE WHEN engagement_ratio_mean > 1.5 * engagement_ratio THEN 'one_viral_post' END,
        CASE WHEN engagement_ratio > 1 THEN 'ratio_over_1' END,
        CASE WHEN hidden_like_posts > 0 THEN 'hidden_likes' END,
        CASE WHEN following > 1500 THEN 'mass_following' END
    ), '') AS flags,
    posts_sampled,
    sample_basis,
    hidden_like_posts,
    days_since_last_post,
    posts_per_week,
    sponsored_share,
    CASE WHEN is_ranked = 1 THEN place_in_tier END AS rank_in_tier,
    CASE WHEN is_ranked = 1 THEN place_in_platform END AS rank_in_platform,
    CASE WHEN is_ranked = 1 AND sector IS NOT NULL THEN place_in_sector END AS rank_in_sector,
    CASE WHEN is_ranked = 1 AND country IS NOT NULL THEN place_in_country END AS rank_in_country,
    snapshot_date,
    snapshot_age_days,
    source,
    landed_file,
    landed_row
FROM ranked;
