-- One row per account that has a ratio: the posterior of its level relative to the expected level of its size
-- (docs/model.md, "Posterior"). Two components, most accounts and outliers, each shrink the residual, and are weighted
-- by their likelihood.
--
-- Inputs: account_levels, priors.

WITH residuals AS (
    SELECT
        levels.*,
        log_expected + slope * (levels.log_followers - priors.log_followers) AS expected_level,
        level - expected_level AS residual,
        between_variance,
        outlier_scale() * between_variance AS outlier_variance,
        outlier_share
    FROM account_levels AS levels
    JOIN priors ON levels.platform = priors.platform AND levels.tier = priors.tier
)

SELECT
    *,
    -- Null, and so 0, for platforms without outliers.
    coalesce(1 / (1 + (1 - outlier_share) / nullif(outlier_share, 0) * exp(
        normal_logpdf(residual, between_variance + noise) - normal_logpdf(residual, outlier_variance + noise)
    )), 0) AS outlier_weight,
    shrink(residual, between_variance, noise) AS typical_lift,
    shrink(residual, outlier_variance, noise) AS outlier_lift,
    (1 - outlier_weight) * typical_lift + outlier_weight * outlier_lift AS log_lift,
    log_lift / sqrt(between_variance * (1 - outlier_share) + outlier_variance * outlier_share) AS zscore,
    sqrt(
        (1 - outlier_weight) * (shrunk_variance(between_variance, noise) + pow(typical_lift - log_lift, 2))
        + outlier_weight * (shrunk_variance(outlier_variance, noise) + pow(outlier_lift - log_lift, 2))
        + change_share() * change_variance
    ) AS log_stddev
FROM residuals
