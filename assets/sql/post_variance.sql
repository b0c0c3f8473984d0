-- One row per platform: how the posts of one account vary, how much accounts differ in that, how far levels change, and
-- how far the log of an account's mean ratio lies over its level (docs/model.md, "Variance between posts").
--
-- Inputs: engagement, default_priors. Medians and quartiles, so that accounts of wild or of bought engagement do not
-- move what is found.

WITH accounts AS (
    SELECT
        platform,
        level_posts - 1 AS df,
        greatest(level_ss / (level_posts - 1), min_variance()) / exp(log_chi2_median(level_posts - 1)) AS variance,
        counting_variance,
        pow(level_change, 2) / median_chi2() AS change,
        level_change_noise,
        -- Of the mean of so many posts that their number no longer matters: of one post mean and level are the same.
        (log_mean - level) * level_posts / (level_posts - 1) AS mean_offset
    FROM engagement
    WHERE level_posts > 2
),

platforms AS (
    SELECT
        platform,
        greatest(pow(robust_sd(ln(variance)), 2) - exact_mean(trigamma(df / 2.0)), trigamma(max_post_df() / 2.0)) AS excess,
        greatest(2 * inverse_trigamma(excess), min_post_df()) AS post_df,
        -- Counting is part of what is observed.
        greatest(exp(median(ln(variance)) + log_chi2_median(post_df)) - median(counting_variance), min_variance())
            AS post_variance,
        -- Halves of a window differ by what chance makes, and by how far the level has changed.
        median(change) AS change,
        median(change) - median(level_change_noise * variance) AS change_excess,
        2 * median_square_error() / sqrt(nullif(count(change), 0)) AS least_excess,
        median(mean_offset) AS mean_offset,
        pow(robust_sd(mean_offset), 2) AS mean_offset_variance
    FROM accounts
    GROUP BY platform
    HAVING count(*) >= min_accounts()
),

known AS (
    SELECT
        present.platform,
        coalesce(platforms.post_variance, default_priors.post_variance) AS post_variance,
        coalesce(platforms.post_df, default_priors.post_df) AS post_df,
        CASE WHEN change_excess > least_excess * change THEN change_excess ELSE 0 END AS change_variance,
        mean_offset,
        mean_offset_variance
    FROM (SELECT DISTINCT platform FROM engagement) AS present
    LEFT JOIN platforms ON present.platform = platforms.platform
    JOIN default_priors ON default_priors.tier = '*'
)

-- Log-normal posts have the log of their mean half a variance over their median.
SELECT * REPLACE (
    coalesce(mean_offset, post_variance / 2) AS mean_offset,
    coalesce(mean_offset_variance, pow(post_variance, 2) / (2 * post_df)) AS mean_offset_variance
)
FROM known
