-- The rows of post_variance.sql as stored in priors: one per platform.
SELECT DISTINCT platform, post_variance, post_df, change_variance, mean_offset, mean_offset_variance
FROM priors
