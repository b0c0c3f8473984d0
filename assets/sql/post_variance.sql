-- One row per platform: variance between posts of one account, its spread among accounts, variance of level changes,
-- and the difference between the log of an account's mean ratio and its level (docs/model.md, "Variance between
-- posts").
--
-- Inputs: engagement, default_priors. Medians and quartiles, so that accounts of extreme or purchased engagement do not
-- bias the estimates.

WITH accounts AS (
    SELECT
        platform,
        level_posts - 1 AS df,
        level_ss,
        greatest(level_ss / df, min_variance()) / exp(log_chi2_median(df)) AS variance,
        counting_variance,
        level_change,
        level_change_noise,
        -- For a mean over so many posts that their number no longer matters: for one post, mean and level are equal.
        (log_mean - level) * level_posts / df AS mean_offset
    FROM engagement
    WHERE level_posts > 2
),

platforms AS (
    SELECT
        platform,
        greatest(pow(robust_sd(ln(variance)), 2) - exact_mean(trigamma(df / 2.0)), trigamma(max_post_df() / 2.0)) AS excess,
        greatest(2 * inverse_trigamma(excess), min_post_df()) AS post_df,
        -- The observed variance includes counting variance.
        greatest(exp(median(ln(variance)) + log_chi2_median(post_df)) - median(counting_variance), min_variance())
            AS post_variance,
        median(mean_offset) AS mean_offset,
        pow(robust_sd(mean_offset), 2) AS mean_offset_variance
    FROM accounts
    GROUP BY platform
    HAVING count(*) >= min_accounts()
),

-- Halves of a window differ by chance and by the change of the level: for accounts with constant levels, the squared
-- difference over its variance has the median of F(1, post_df + df).
changes AS (
    SELECT
        accounts.platform,
        level_change_noise * (post_df * (post_variance + counting_variance) + level_ss) / (post_df + df) AS chance,
        pow(level_change, 2) / chance * exp(log_chi2_median(post_df + df)) / median_chi2() AS change
    FROM accounts
    JOIN platforms ON accounts.platform = platforms.platform
    WHERE level_change IS NOT NULL
),

movements AS (
    SELECT
        platform,
        CASE
            WHEN median(change) * (1 - 2 * median_square_error() / sqrt(count(*))) > 1
                THEN (median(change) - 1) * median(chance)
        END AS change_variance
    FROM changes
    GROUP BY platform
    HAVING count(*) >= min_accounts()
)

-- For log-normal posts, the log of the mean is half a variance above the median.
SELECT
    present.platform,
    coalesce(platforms.post_variance, defaults.post_variance) AS post_variance,
    coalesce(platforms.post_df, defaults.post_df) AS post_df,
    coalesce(movements.change_variance, 0) AS change_variance,
    coalesce(platforms.mean_offset, defaults.post_variance / 2) AS mean_offset,
    coalesce(platforms.mean_offset_variance, pow(defaults.post_variance, 2) / (2 * defaults.post_df)) AS mean_offset_variance
FROM (SELECT DISTINCT platform FROM engagement) AS present
LEFT JOIN platforms ON present.platform = platforms.platform
LEFT JOIN movements ON present.platform = movements.platform
JOIN default_priors AS defaults ON defaults.tier = '*'
