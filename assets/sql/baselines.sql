-- Baseline of each indicator of authenticity per platform and tier: the quartiles of the day, and the number of
-- accounts.
--
-- Inputs: engagement, history, tiers, default_baselines. A cell with under 20 accounts that have a value takes the
-- platform's quartiles, and a platform with too few the defaults. Quartiles, since cheating accounts are in the tails:
-- the 1st and 99th percentiles are extrapolated from the middle half, which they cannot move.

WITH indicators AS (
    SELECT platform, tier, 'comments_per_100_likes' AS indicator, comments_per_100_likes AS value
    FROM engagement
    UNION ALL
    SELECT platform, tier, 'top_post_over_median' AS indicator, top_post_over_median AS value FROM engagement
    UNION ALL
    SELECT platform, tier, 'following_ratio' AS indicator, following_ratio AS value FROM engagement
    UNION ALL
    SELECT platform, tier, 'posts_count' AS indicator, CAST(posts_count AS DOUBLE) AS value FROM engagement
    UNION ALL
    SELECT platform, tier, 'handle_digit_share' AS indicator, handle_digit_share AS value FROM engagement
    UNION ALL
    SELECT platform, tier, 'max_daily_growth' AS indicator, max_daily_growth AS value FROM history
    UNION ALL
    SELECT platform, tier, 'followers_growth_30d' AS indicator, followers_growth_30d AS value FROM history
    UNION ALL
    SELECT platform, tier, 'following_turnover' AS indicator, following_turnover AS value FROM history
),

-- The tier '*' is the platform as a whole.
quartiles AS (
    SELECT
        platform,
        coalesce(tier, '*') AS scope,
        indicator,
        count(*) AS accounts,
        quantile_cont(value, [0.25, 0.5, 0.75]) AS parts
    FROM indicators
    WHERE value IS NOT NULL
    GROUP BY GROUPING SETS ((platform, tier, indicator), (platform, indicator))
    HAVING count(*) >= 20
),

cells AS (
    SELECT platforms.platform, tiers.tier, default_baselines.*
    FROM (SELECT DISTINCT platform FROM engagement) AS platforms
    CROSS JOIN tiers
    CROSS JOIN default_baselines
)

SELECT
    cells.platform,
    cells.tier,
    cells.indicator,
    CASE WHEN own.accounts IS NOT NULL THEN 'tier' WHEN whole.accounts IS NOT NULL THEN 'platform' ELSE 'default' END
        AS basis,
    coalesce(own.accounts, whole.accounts, 0) AS accounts,
    coalesce(own.parts[1], whole.parts[1], cells.p25) AS p25,
    coalesce(own.parts[2], whole.parts[2], cells.p50) AS p50,
    coalesce(own.parts[3], whole.parts[3], cells.p75) AS p75
FROM cells
LEFT JOIN quartiles AS own
    ON cells.platform = own.platform AND cells.tier = own.scope AND cells.indicator = own.indicator
LEFT JOIN quartiles AS whole
    ON cells.platform = whole.platform AND whole.scope = '*' AND cells.indicator = whole.indicator
ORDER BY cells.platform, cells.tier, cells.indicator;
