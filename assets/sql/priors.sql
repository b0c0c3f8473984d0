-- What is known of a platform × tier before looking at an account: its typical log ratio (mu), the variance
-- between accounts (tau squared) and within one (s squared). METRICS in the README gives the formulas.
--
-- Inputs: engagement, tiers, default_priors. A cell of fewer than 20 accounts takes its platform's figures; a
-- platform of fewer than 20 takes the default. Log ratios are integers (millionths), so that sums are exact.

WITH accounts AS (
    SELECT platform, tier, log_ratio, log_count, log_within_squares
    FROM engagement
    WHERE log_count > 0
),

scoped AS (
    SELECT platform, tier, log_ratio, log_count, log_within_squares FROM accounts
    UNION ALL
    SELECT platform, '*' AS tier, log_ratio, log_count, log_within_squares FROM accounts
),

within AS (
    SELECT
        platform,
        tier,
        sum(log_count - 1) AS freedom,
        CAST(sum(CAST(log_within_squares AS DECIMAL(38, 9))) AS DOUBLE) / nullif(sum(log_count - 1), 0) AS pooled
    FROM scoped
    WHERE log_within_squares IS NOT NULL
    GROUP BY platform, tier
),

moments AS (
    SELECT
        scoped.platform,
        scoped.tier,
        count(*) AS accounts,
        -- The mean of 1/n, which is what the variance of an account's mean is made of.
        CAST(sum(CAST(1.0 / scoped.log_count AS DECIMAL(38, 9))) AS DOUBLE) / count(*) AS mean_inverse_count,
        CAST(sum(CAST(scoped.log_ratio AS DECIMAL(38, 0))) AS DOUBLE) / count(*) / 1e6 AS mean_ratio,
        CAST(
            sum(CAST(scoped.log_ratio AS DECIMAL(38, 0)) * scoped.log_ratio)
            - sum(CAST(scoped.log_ratio AS DECIMAL(38, 0))) * sum(CAST(scoped.log_ratio AS DECIMAL(38, 0))) / count(*)
            AS DOUBLE
        ) / nullif(count(*) - 1, 0) / 1e12 AS total_variance
    FROM scoped
    GROUP BY scoped.platform, scoped.tier
),

variances AS (
    SELECT
        moments.platform,
        moments.tier,
        moments.accounts,
        moments.mean_inverse_count,
        moments.total_variance,
        CASE
            WHEN within.freedom >= 20 THEN within.pooled
            WHEN platform_within.freedom >= 20 THEN platform_within.pooled
            ELSE default_within.within_variance
        END AS within_variance
    FROM moments
    LEFT JOIN within ON moments.platform = within.platform AND moments.tier = within.tier
    LEFT JOIN within AS platform_within ON moments.platform = platform_within.platform AND platform_within.tier = '*'
    CROSS JOIN (SELECT within_variance FROM default_priors WHERE tier = '*') AS default_within
),

spread AS (
    SELECT
        variances.*,
        -- A floor keeps a cell of near equal accounts from ignoring what an account shows.
        greatest(total_variance - within_variance * mean_inverse_count, 0.01) AS between_variance
    FROM variances
),

weighted AS (
    SELECT
        scoped.platform,
        scoped.tier,
        CAST(sum(
            CAST(round(1e6 / (spread.between_variance + spread.within_variance / scoped.log_count)) AS DECIMAL(38, 0))
            * scoped.log_ratio
        ) AS DOUBLE)
        / CAST(sum(
            CAST(round(1e6 / (spread.between_variance + spread.within_variance / scoped.log_count)) AS DECIMAL(38, 0))
        ) AS DOUBLE) / 1e6 AS typical
    FROM scoped
    JOIN spread ON scoped.platform = spread.platform AND scoped.tier = spread.tier
    GROUP BY scoped.platform, scoped.tier
),

observed AS (
    SELECT spread.*, weighted.typical
    FROM spread
    JOIN weighted ON spread.platform = weighted.platform AND spread.tier = weighted.tier
    WHERE spread.accounts >= 20
),

cells AS (
    SELECT platforms.platform, tiers.tier
    FROM (SELECT DISTINCT platform FROM engagement) AS platforms
    CROSS JOIN tiers
)

SELECT
    cells.platform,
    cells.tier,
    CASE WHEN own.tier IS NOT NULL THEN 'tier' WHEN pooled.tier IS NOT NULL THEN 'platform' ELSE 'published' END AS basis,
    coalesce(moments.accounts, 0) AS accounts,
    coalesce(own.typical, pooled.typical, ln(default_priors.typical_ratio)) AS log_typical,
    coalesce(own.within_variance, pooled.within_variance, default_priors.within_variance) AS within_variance,
    coalesce(own.between_variance, pooled.between_variance, default_priors.between_variance) AS between_variance
FROM cells
LEFT JOIN moments ON cells.platform = moments.platform AND cells.tier = moments.tier
LEFT JOIN observed AS own ON cells.platform = own.platform AND cells.tier = own.tier
LEFT JOIN observed AS pooled ON cells.platform = pooled.platform AND pooled.tier = '*'
LEFT JOIN default_priors ON cells.tier = default_priors.tier
ORDER BY cells.platform, cells.tier;
