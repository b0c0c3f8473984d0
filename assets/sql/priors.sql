-- One row per platform × tier: the expected level of an account by its size, and the variances of accounts and posts. A
-- tier with fewer than min_accounts() has its platform's figures, a platform with fewer the published defaults.
--
-- Inputs: engagement, tiers, default_priors. Steps: post_variance, account_levels, size_trend, account_prior.

SELECT
    post_variance.platform,
    tiers.tier,
    CASE WHEN own.scope IS NOT NULL THEN 'tier' WHEN whole.scope IS NOT NULL THEN 'platform' ELSE 'published' END AS basis,
    (
        SELECT count(*) FROM account_levels AS levels
        WHERE levels.platform = post_variance.platform AND levels.tier = tiers.tier
    ) AS accounts,
    coalesce(own.log_expected, whole.log_expected, ln(default_priors.expected_ratio)) AS log_expected,
    coalesce(own.log_followers, whole.log_followers, 0) AS log_followers,
    coalesce(own.slope, whole.slope, 0) AS slope,
    coalesce(account_prior.between_variance, default_priors.between_variance) AS between_variance,
    coalesce(account_prior.outlier_share, 0) AS outlier_share,
    post_variance.* EXCLUDE (platform)
FROM post_variance
CROSS JOIN tiers
JOIN default_priors ON tiers.tier = default_priors.tier
LEFT JOIN size_trend AS own ON post_variance.platform = own.platform AND tiers.tier = own.scope
LEFT JOIN size_trend AS whole ON post_variance.platform = whole.platform AND whole.scope = '*'
LEFT JOIN account_prior ON post_variance.platform = account_prior.platform
ORDER BY post_variance.platform, tiers.tier
