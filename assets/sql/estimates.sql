-- One row per account that has a ratio: its estimated engagement with an interval, and its lift over accounts of its
-- size.
--
-- Inputs: engagement, priors, parameters. Steps: account_levels, posterior.

SELECT
    platform,
    profile_id,
    snapshot_date,
    exp_bounded(expected_level) AS expected_ratio,
    exp_bounded(expected_level + log_lift - interval_z * log_stddev) AS engagement_ci_lower,
    exp_bounded(expected_level + log_lift) AS engagement_estimate,
    exp_bounded(expected_level + log_lift + interval_z * log_stddev) AS engagement_ci_upper,
    exp_bounded(log_lift) AS lift,
    exp_bounded(log_lift - interval_z * log_stddev) AS lift_ci_lower,
    zscore AS engagement_zscore,
    CASE WHEN level_posts > 1 THEN sqrt(level_ss / (level_posts - 1)) END AS post_log_stddev,
    CASE WHEN level_posts > 1 THEN uniform_engagement(level_ss, level_posts - 1, post_variance, counting_variance, post_df) END
        AS uniform_engagement
FROM posterior
CROSS JOIN parameters
