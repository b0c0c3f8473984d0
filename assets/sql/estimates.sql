-- One row per account that has a ratio: its estimated engagement with an interval, and how it compares with accounts of
-- its size.
--
-- Inputs: engagement, priors, parameters. Steps: account_levels, posterior.

SELECT
    platform,
    profile_id,
    snapshot_date,
    exp_bounded(expected_level) AS typical_ratio,
    exp_bounded(expected_level + log_lift - interval_z * log_stddev) AS engagement_low,
    exp_bounded(expected_level + log_lift) AS engagement_estimate,
    exp_bounded(expected_level + log_lift + interval_z * log_stddev) AS engagement_high,
    exp_bounded(log_lift) AS lift,
    exp_bounded(log_lift - interval_z * log_stddev) AS lift_low,
    zscore AS engagement_deviation,
    CASE WHEN level_posts > 1 THEN sqrt(level_ss / (level_posts - 1)) END AS post_spread,
    CASE WHEN level_posts > 1 THEN even_engagement(level_ss, level_posts - 1, post_variance, counting_variance, post_df) END
        AS even_engagement
FROM posterior
CROSS JOIN parameters
