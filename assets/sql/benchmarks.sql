-- Platform × tier × metric: the observed figure of the day beside published figures of the same metric.
--
-- Inputs: engagement, priors, tiers, published_benchmarks (only those whose band of followers equals a tier are
-- compared). A metric without a published figure for a cell has one row without a published value; one with several has
-- a row for each, never their average.

WITH observed AS (
    SELECT
        platform,
        tier,
        metric,
        count(*) AS accounts,
        median(ratio) AS median,
        quantile_cont(ratio, 0.25) AS p25,
        quantile_cont(ratio, 0.75) AS p75,
        CAST(sum(CAST(ratio AS DECIMAL(38, 12))) AS DOUBLE) / count(*) AS mean
    FROM (
        SELECT platform, tier, 'like_rate' AS metric, like_rate AS ratio FROM engagement
        UNION ALL
        SELECT platform, tier, 'comment_rate' AS metric, comment_rate AS ratio FROM engagement
        UNION ALL
        SELECT platform, tier, 'engagement_ratio' AS metric, engagement_ratio AS ratio FROM engagement
        UNION ALL
        SELECT platform, tier, 'view_engagement_ratio' AS metric, view_engagement_ratio AS ratio FROM engagement
    ) AS long
    WHERE ratio IS NOT NULL
    GROUP BY platform, tier, metric
)

SELECT
    observed.platform,
    observed.tier,
    observed.metric,
    observed.accounts,
    observed.median,
    observed.p25,
    observed.p75,
    observed.mean,
    published.value AS published_value,
    published.statistic AS published_statistic,
    published.source AS published_source,
    published.year AS published_year,
    CASE WHEN observed.metric = 'engagement_ratio' THEN exp(priors.log_expected) END AS prior,
    CASE WHEN observed.metric = 'engagement_ratio' THEN priors.basis END AS prior_basis
FROM observed
LEFT JOIN tiers ON observed.tier = tiers.tier
LEFT JOIN published_benchmarks AS published
    ON
        observed.platform = published.platform
        AND observed.metric = published.metric
        AND tiers.lowest = published.lowest
        AND tiers.below IS NOT DISTINCT FROM published.below
LEFT JOIN priors ON observed.platform = priors.platform AND observed.tier = priors.tier
ORDER BY observed.platform, observed.tier, observed.metric, published.source;
