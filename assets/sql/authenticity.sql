-- One row per account: each indicator of purchased engagement or followers, with its value, and the authenticity that
-- all indicators together leave. An indicator is a reason to check an account, not a verdict.
--
-- Inputs: engagement, estimates, history, baselines, score_weights. An indicator's suspicion is 1 / (1 + exp(2 (3.5 -
-- z))), where z is the account's distance from the baseline of its platform and tier, in standard deviations: it is
-- 0.09 for one account in a hundred and 0.5 for one in some thousands. The standard deviation is estimated from the
-- middle half of accounts, with the lower bounds below. Authenticity is the product of 1 - weight × suspicion over the
-- indicators that have data.

WITH usual AS (
    SELECT
        platform,
        tier,
        max(CASE WHEN indicator = 'comments_per_100_likes' THEN ln(p50 + 0.1) END) AS comments,
        max(CASE WHEN indicator = 'comments_per_100_likes' THEN greatest(ln((p75 + 0.1) / (p50 + 0.1)) / 0.6745, 0.3) END)
            AS comments_over,
        max(CASE WHEN indicator = 'comments_per_100_likes' THEN greatest(ln((p50 + 0.1) / (p25 + 0.1)) / 0.6745, 0.3) END)
            AS comments_under,
        max(CASE WHEN indicator = 'top_post_over_median' THEN ln(p50) END) AS top_post,
        max(CASE WHEN indicator = 'top_post_over_median' THEN greatest(ln(p75 / p50) / 0.6745, 0.3) END) AS top_post_over,
        max(CASE WHEN indicator = 'following_ratio' THEN ln(p50 + 0.01) END) AS following,
        max(CASE WHEN indicator = 'following_ratio' THEN greatest(ln((p75 + 0.01) / (p50 + 0.01)) / 0.6745, 0.5) END)
            AS following_over,
        max(CASE WHEN indicator = 'posts_count' THEN ln(p50 + 1) END) AS posts,
        max(CASE WHEN indicator = 'posts_count' THEN greatest(ln((p50 + 1) / (p25 + 1)) / 0.6745, 0.5) END) AS posts_under,
        max(CASE WHEN indicator = 'handle_digit_share' THEN p50 END) AS digits,
        max(CASE WHEN indicator = 'handle_digit_share' THEN greatest((p75 - p50) / 0.6745, 0.08) END) AS digits_over,
        max(CASE WHEN indicator = 'max_daily_growth' THEN p50 END) AS step,
        max(CASE WHEN indicator = 'max_daily_growth' THEN greatest((p75 - p50) / 0.6745, 0.01) END) AS step_over,
        max(CASE WHEN indicator = 'followers_growth_30d' THEN p50 END) AS growth,
        max(CASE WHEN indicator = 'followers_growth_30d' THEN greatest((p75 - p50) / 0.6745, 0.05) END) AS growth_over,
        max(CASE WHEN indicator = 'following_turnover' THEN p50 END) AS turnover,
        max(CASE WHEN indicator = 'following_turnover' THEN greatest((p75 - p50) / 0.6745, 0.05) END) AS turnover_over
    FROM baselines
    GROUP BY platform, tier
),

deviating AS (
    SELECT
        engagement.platform,
        engagement.profile_id,
        engagement.snapshot_date,
        engagement.comments_per_100_likes,
        estimates.post_log_stddev,
        estimates.engagement_zscore,
        estimates.uniform_engagement,
        engagement.top_post_over_median,
        history.max_daily_growth,
        history.spike_reversal,
        history.followers_growth_30d,
        history.following_turnover,
        engagement.following,
        engagement.following_ratio,
        engagement.posts_count,
        engagement.handle_digit_share,
        engagement.has_picture,
        engagement.engagement_ratio_mean > 1.5 * engagement.engagement_ratio AS is_viral,
        engagement.engagement_ratio > 1 AS is_over_1,
        engagement.hidden_like_posts > 0 AS hides_likes,
        -- Few comments vary by chance: the scale includes the counting variance of the comments expected for these likes.
        (ln(engagement.comments_per_100_likes + 0.1) - usual.comments) / sqrt(
            pow(usual.comments_over, 2) + 1 / (exp(usual.comments) / 100 * engagement.likes_total + 0.5)
        ) AS comments_over,
        (usual.comments - ln(engagement.comments_per_100_likes + 0.1)) / sqrt(
            pow(usual.comments_under, 2) + 1 / (exp(usual.comments) / 100 * engagement.likes_total + 0.5)
        ) AS comments_under,
        (ln(engagement.top_post_over_median) - usual.top_post) / usual.top_post_over AS top_post_over,
        -- A step counts beyond three times the median daily growth, and in full once it is reversed.
        (history.max_daily_growth - 3 * history.median_daily_growth - usual.step) / usual.step_over
        * (0.5 + 0.5 * history.spike_reversal) AS step_over,
        -- Growth above the baseline, in proportion to engagement below it.
        CASE
            WHEN history.followers_growth_30d IS NOT NULL AND estimates.engagement_zscore IS NOT NULL THEN least(
                (history.followers_growth_30d - usual.growth) / usual.growth_over,
                3.5 - 2 * estimates.engagement_zscore
            )
        END AS hollow,
        (history.following_turnover - usual.turnover) / usual.turnover_over AS turnover_over,
        CASE
            WHEN engagement.following IS NOT NULL THEN greatest(
                (ln(engagement.following_ratio + 0.01) - usual.following) / usual.following_over,
                3.5 + 8 * ln((engagement.following + 1) / 1501)
            )
        END AS following_over,
        (usual.posts - ln(engagement.posts_count + 1)) / usual.posts_under AS posts_under,
        (engagement.handle_digit_share - usual.digits) / usual.digits_over AS digits_over
    FROM engagement
    JOIN usual ON engagement.platform = usual.platform AND engagement.tier = usual.tier
    LEFT JOIN estimates ON engagement.platform = estimates.platform AND engagement.profile_id = estimates.profile_id
    LEFT JOIN history ON engagement.platform = history.platform AND engagement.profile_id = history.profile_id
),

suspected AS (
    SELECT
        deviating.*,
        1 / (1 + exp(2 * (3.5 - greatest(comments_over, comments_under)))) AS comment_anomaly,
        1 / (1 + exp(2 * (3.5 - comments_over))) / (1 + exp(2 * (2.3 - engagement_zscore)))
            AS pod_engagement,
        1 / (1 + exp(2 * (3.5 - top_post_over))) AS single_post_dominance,
        1 / (1 + exp(2 * (3.5 - step_over))) AS follower_spike,
        1 / (1 + exp(2 * (3.5 - hollow))) AS growth_without_engagement,
        1 / (1 + exp(2 * (3.5 - turnover_over))) AS follow_unfollow,
        1 / (1 + exp(2 * (3.5 - following_over))) AS mass_following,
        1 / (1 + exp(2 * (3.5 + engagement_zscore))) AS low_engagement,
        1 / (1 + exp(2 * (3.5 - posts_under))) AS few_posts,
        1 / (1 + exp(2 * (3.5 - digits_over))) AS digits_in_handle,
        CASE WHEN has_picture THEN 0.0 WHEN NOT has_picture THEN 1.0 END AS no_picture
    FROM deviating
),

weighing AS (
    SELECT
        max(CASE WHEN component = 'uniform_engagement' THEN weight END) AS uniform_engagement,
        max(CASE WHEN component = 'comment_anomaly' THEN weight END) AS comment_anomaly,
        max(CASE WHEN component = 'pod_engagement' THEN weight END) AS pod_engagement,
        max(CASE WHEN component = 'single_post_dominance' THEN weight END) AS single_post_dominance,
        max(CASE WHEN component = 'follower_spike' THEN weight END) AS follower_spike,
        max(CASE WHEN component = 'growth_without_engagement' THEN weight END) AS growth_without_engagement,
        max(CASE WHEN component = 'follow_unfollow' THEN weight END) AS follow_unfollow,
        max(CASE WHEN component = 'mass_following' THEN weight END) AS mass_following,
        max(CASE WHEN component = 'low_engagement' THEN weight END) AS low_engagement,
        max(CASE WHEN component = 'few_posts' THEN weight END) AS few_posts,
        max(CASE WHEN component = 'digits_in_handle' THEN weight END) AS digits_in_handle,
        max(CASE WHEN component = 'no_picture' THEN weight END) AS no_picture
    FROM score_weights
    WHERE part = 'authenticity'
)

SELECT
    suspected.platform,
    suspected.profile_id,
    suspected.snapshot_date,
    CASE
        WHEN coalesce(
            suspected.uniform_engagement, suspected.comment_anomaly, suspected.single_post_dominance, suspected.follower_spike, suspected.growth_without_engagement,
            suspected.follow_unfollow, suspected.mass_following, suspected.low_engagement, suspected.few_posts,
            suspected.digits_in_handle, suspected.no_picture
        ) IS NOT NULL THEN
            (1 - weighing.uniform_engagement * coalesce(suspected.uniform_engagement, 0))
            * (1 - weighing.comment_anomaly * coalesce(suspected.comment_anomaly, 0))
            * (1 - weighing.pod_engagement * coalesce(suspected.pod_engagement, 0))
            * (1 - weighing.single_post_dominance * coalesce(suspected.single_post_dominance, 0))
            * (1 - weighing.follower_spike * coalesce(suspected.follower_spike, 0))
            * (1 - weighing.growth_without_engagement * coalesce(suspected.growth_without_engagement, 0))
            * (1 - weighing.follow_unfollow * coalesce(suspected.follow_unfollow, 0))
            * (1 - weighing.mass_following * coalesce(suspected.mass_following, 0))
            * (1 - weighing.low_engagement * coalesce(suspected.low_engagement, 0))
            * (1 - weighing.few_posts * coalesce(suspected.few_posts, 0))
            * (1 - weighing.digits_in_handle * coalesce(suspected.digits_in_handle, 0))
            * (1 - weighing.no_picture * coalesce(suspected.no_picture, 0))
    END AS authenticity,
    nullif(concat_ws(
        ', ',
        CASE WHEN suspected.is_viral THEN 'one_viral_post' END,
        CASE WHEN suspected.is_over_1 THEN 'ratio_over_1' END,
        CASE WHEN suspected.hides_likes THEN 'hidden_likes' END,
        CASE WHEN suspected.uniform_engagement > 0.5 THEN 'uniform_engagement' END,
        CASE WHEN suspected.comment_anomaly > 0.5 AND suspected.comments_over > 0 THEN 'many_comments' END,
        CASE WHEN suspected.comment_anomaly > 0.5 AND suspected.comments_under > 0 THEN 'few_comments' END,
        CASE WHEN suspected.pod_engagement > 0.5 THEN 'pod_engagement' END,
        CASE WHEN suspected.single_post_dominance > 0.5 THEN 'single_post_dominance' END,
        CASE WHEN suspected.follower_spike > 0.5 THEN 'follower_spike' END,
        CASE WHEN suspected.growth_without_engagement > 0.5 THEN 'growth_without_engagement' END,
        CASE WHEN suspected.follow_unfollow > 0.5 THEN 'follow_unfollow' END,
        CASE WHEN suspected.mass_following > 0.5 THEN 'mass_following' END,
        CASE WHEN suspected.low_engagement > 0.5 THEN 'low_engagement' END,
        CASE WHEN suspected.few_posts > 0.5 THEN 'few_posts' END,
        CASE WHEN suspected.digits_in_handle > 0.5 THEN 'digits_in_handle' END,
        CASE WHEN suspected.no_picture > 0.5 THEN 'no_picture' END
    ), '') AS flags,
    suspected.uniform_engagement,
    suspected.post_log_stddev,
    suspected.comment_anomaly,
    suspected.comments_per_100_likes,
    suspected.pod_engagement,
    suspected.low_engagement,
    suspected.engagement_zscore,
    suspected.single_post_dominance,
    suspected.top_post_over_median,
    suspected.follower_spike,
    suspected.max_daily_growth,
    suspected.spike_reversal,
    suspected.growth_without_engagement,
    suspected.followers_growth_30d,
    suspected.follow_unfollow,
    suspected.following_turnover,
    suspected.mass_following,
    suspected.following,
    suspected.following_ratio,
    suspected.few_posts,
    suspected.posts_count,
    suspected.digits_in_handle,
    suspected.handle_digit_share,
    suspected.no_picture,
    suspected.has_picture
FROM suspected
CROSS JOIN weighing;
