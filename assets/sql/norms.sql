-- What is usual of each sign of authenticity on a platform and tier: the quartiles of the day, and of how many accounts.
--
-- Inputs: engagement, history, tiers, default_norms. Of a cell with under 20 accounts that show a sign the platform's
-- quartiles count, and where that has too few, the default. Quartiles, since cheats are among the outermost: what lies
-- beyond 1 and 99 of 100 is told from the middle half, which they cannot move.

WITH signs AS (
    SELECT platform, tier, 'comments_per_100_likes' AS sign, comments_per_100_likes AS value
    FROM engagement
    UNION ALL
    SELECT platform, tier, 'top_post_over_median' AS sign, top_post_over_median AS value FROM engagement
    UNION ALL
    SELECT platform, tier, 'following_ratio' AS sign, following_ratio AS value FROM engagement
    UNION ALL
    SELECT platform, tier, 'posts_count' AS sign, CAST(posts_count AS DOUBLE) AS value FROM engagement
    UNION ALL
    SELECT platform, tier, 'handle_digit_share' AS sign, handle_digit_share AS value FROM engagement
    UNION ALL
    SELECT platform, tier, 'largest_daily_growth' AS sign, largest_daily_growth AS value FROM history
    UNION ALL
    SELECT platform, tier, 'followers_growth_30d' AS sign, followers_growth_30d AS value FROM history
    UNION ALL
    SELECT platform, tier, 'following_turnover' AS sign, following_turnover AS value FROM history
),

-- A platform as a whole is the tier '*'.
quartiles AS (
    SELECT
        platform,
        coalesce(tier, '*') AS scope,
        sign,
        count(*) AS accounts,
        quantile_cont(value, [0.25, 0.5, 0.75]) AS parts
    FROM signs
    WHERE value IS NOT NULL
    GROUP BY GROUPING SETS ((platform, tier, sign), (platform, sign))
    HAVING count(*) >= 20
),

cells AS (
    SELECT platforms.platform, tiers.tier, default_norms.*
    FROM (SELECT DISTINCT platform FROM engagement) AS platforms
    CROSS JOIN tiers
    CROSS JOIN default_norms
)

SELECT
    cells.platform,
    cells.tier,
    cells.sign,
    CASE WHEN own.accounts IS NOT NULL THEN 'tier' WHEN whole.accounts IS NOT NULL THEN 'platform' ELSE 'default' END
        AS basis,
    coalesce(own.accounts, whole.accounts, 0) AS accounts,
    coalesce(own.parts[1], whole.parts[1], cells.p25) AS p25,
    coalesce(own.parts[2], whole.parts[2], cells.p50) AS p50,
    coalesce(own.parts[3], whole.parts[3], cells.p75) AS p75
FROM cells
LEFT JOIN quartiles AS own
    ON cells.platform = own.platform AND cells.tier = own.scope AND cells.sign = own.sign
LEFT JOIN quartiles AS whole
    ON cells.platform = whole.platform AND whole.scope = '*' AND cells.sign = whole.sign
ORDER BY cells.platform, cells.tier, cells.sign;
