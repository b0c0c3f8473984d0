-- One row per account that has a ratio: its level and the noise of that level (docs/model.md, "Level of an account").
--
-- Inputs: engagement, post_variance.

SELECT
    engagement.platform,
    profile_id,
    snapshot_date,
    tier,
    ln(followers) AS log_followers,
    level_posts,
    level_ss,
    log_mean,
    counting_variance,
    post_variance.* EXCLUDE (platform),
    coalesce(nullif(averaged_posts, 0), default_averaged_posts()) AS posts_in_mean,
    -- The account's own variance between posts, shrunk towards its platform's (moderated variance).
    (post_df * (post_variance + counting_variance) + coalesce(level_ss, 0)) / (post_df + greatest(level_posts, 1) - 2)
        AS variance,
    coalesce(engagement.level, log_mean - mean_offset * (1 - 1.0 / posts_in_mean)) AS level,
    CASE WHEN level_posts > 0 THEN variance / level_posts ELSE mean_offset_variance + variance / posts_in_mean END AS noise
FROM engagement
JOIN post_variance ON engagement.platform = post_variance.platform
WHERE log_mean IS NOT NULL
