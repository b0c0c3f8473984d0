-- One row per platform: the variance of accounts around the expected level of their size. Most have between_variance, a
-- share of outliers outlier_scale() times that (docs/model.md, "Account prior"). Method of moments.
--
-- Inputs: account_levels, size_trend.

WITH residuals AS (
    SELECT
        levels.platform,
        noise,
        pow(trend_weight(noise), 2) AS weight,
        pow(level - trend.log_expected - trend.slope * (levels.log_followers - trend.log_followers), 2) AS square
    FROM account_levels AS levels
    LEFT JOIN size_trend AS own ON levels.platform = own.platform AND levels.tier = own.scope
    JOIN size_trend AS trend ON levels.platform = trend.platform AND trend.scope = coalesce(own.scope, '*')
),

totals AS (
    SELECT
        platform,
        median(noise) AS noise,
        exact_sum(weight * (least(square, pow(residual_bound(), 2) / sqrt(weight)) - noise)) / exact_sum(weight) AS variance
    FROM residuals
    GROUP BY platform
),

-- The mean of squares covers all accounts, the median of squares only those that are not outliers.
cores AS (
    SELECT
        platform,
        greatest(any_value(variance), min_variance()) AS total,
        median(square / (greatest(variance, min_variance()) + residuals.noise)) / median_chi2() AS narrowing,
        least(narrowing, 1) * (total + any_value(totals.noise)) - any_value(totals.noise) AS core
    FROM residuals
    JOIN totals USING (platform)
    GROUP BY platform
)

SELECT
    platform,
    greatest(core, total * min_core_share()) AS between_variance,
    greatest(total / between_variance - 1, 0) / (outlier_scale() - 1) AS outlier_share
FROM cores
