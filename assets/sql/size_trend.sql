-- One row per platform × tier, and per platform (tier '*'): the expected level of an account by its followers
-- (docs/model.md, "Size trend"). Weighted least squares; a tier's slope is shrunk towards its platform's by ridge.
--
-- Inputs: account_levels.

WITH weighted AS (
    SELECT platform, unnest([tier, '*']) AS scope, log_followers, level, trend_weight(noise) AS weight
    FROM account_levels
),

centres AS (
    SELECT
        platform,
        scope,
        count(*) AS accounts,
        exact_sum(weight * log_followers) / exact_sum(weight) AS log_followers,
        exact_sum(weight * level) / exact_sum(weight) AS log_expected
    FROM weighted
    GROUP BY platform, scope
),

products AS (
    SELECT
        centres.*,
        exact_sum(weight * pow(weighted.log_followers - centres.log_followers, 2)) AS size_ss,
        exact_sum(weight * (weighted.log_followers - centres.log_followers) * (level - log_expected)) AS cross_products
    FROM weighted
    JOIN centres ON weighted.platform = centres.platform AND weighted.scope = centres.scope
    GROUP BY ALL
)

SELECT
    own.platform,
    own.scope,
    own.accounts,
    own.log_followers,
    own.log_expected,
    CASE
        WHEN own.scope = '*' THEN ridge_slope(own.cross_products, own.size_ss, 0)
        ELSE ridge_slope(own.cross_products, own.size_ss, ridge_slope(whole.cross_products, whole.size_ss, 0))
    END AS slope
FROM products AS own
JOIN products AS whole ON own.platform = whole.platform AND whole.scope = '*'
WHERE own.accounts >= min_accounts()
