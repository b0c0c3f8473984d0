-- One row per account: each sign that its engagement or its followers are not earned, with the evidence, and what all
-- signs together leave of its authenticity. A sign is a reason to look and no verdict.
--
-- Inputs: engagement, estimates, history, norms, weights. A sign's doubt is 1 / (1 + exp(2 (3.5 - z))), z being how many
-- of its platform and tier's usual deviations the account lies from the usual, so that it is 0.09 for one account in a
-- hundred and a half for one in some thousands. Deviations are those of the middle half of accounts, and at least what
-- stands below. Authenticity is the product of 1 - weight × doubt over the signs that the data can tell of.

WITH usual AS (
    SELECT
        platform,
        tier,
        max(CASE WHEN sign = 'comments_per_100_likes' THEN ln(p50 + 0.1) END) AS comments,
        max(CASE WHEN sign = 'comments_per_100_likes' THEN greatest(ln((p75 + 0.1) / (p50 + 0.1)) / 0.6745, 0.3) END)
            AS comments_over,
        max(CASE WHEN sign = 'comments_per_100_likes' THEN greatest(ln((p50 + 0.1) / (p25 + 0.1)) / 0.6745, 0.3) END)
            AS comments_under,
        max(CASE WHEN sign = 'top_post_over_median' THEN ln(p50) END) AS top_post,
        max(CASE WHEN sign = 'top_post_over_median' THEN greatest(ln(p75 / p50) / 0.6745, 0.3) END) AS top_post_over,
        max(CASE WHEN sign = 'following_ratio' THEN ln(p50 + 0.01) END) AS following,
        max(CASE WHEN sign = 'following_ratio' THEN greatest(ln((p75 + 0.01) / (p50 + 0.01)) / 0.6745, 0.5) END)
            AS following_over,
        max(CASE WHEN sign = 'posts_count' THEN ln(p50 + 1) END) AS posts,
        max(CASE WHEN sign = 'posts_count' THEN greatest(ln((p50 + 1) / (p25 + 1)) / 0.6745, 0.5) END) AS posts_under,
        max(CASE WHEN sign = 'handle_digit_share' THEN p50 END) AS digits,
        max(CASE WHEN sign = 'handle_digit_share' THEN greatest((p75 - p50) / 0.6745, 0.08) END) AS digits_over,
        max(CASE WHEN sign = 'largest_daily_growth' THEN p50 END) AS step,
        max(CASE WHEN sign = 'largest_daily_growth' THEN greatest((p75 - p50) / 0.6745, 0.01) END) AS step_over,
        max(CASE WHEN sign = 'followers_growth_30d' THEN p50 END) AS growth,
        max(CASE WHEN sign = 'followers_growth_30d' THEN greatest((p75 - p50) / 0.6745, 0.05) END) AS growth_over,
        max(CASE WHEN sign = 'following_turnover' THEN p50 END) AS turnover,
        max(CASE WHEN sign = 'following_turnover' THEN greatest((p75 - p50) / 0.6745, 0.05) END) AS turnover_over
    FROM norms
    GROUP BY platform, tier
),

deviating AS (
    SELECT
        engagement.platform,
        engagement.profile_id,
        engagement.snapshot_date,
        engagement.comments_per_100_likes,
        estimates.post_spread,
        estimates.engagement_deviation,
        estimates.even_engagement,
        engagement.top_post_over_median,
        history.largest_daily_growth,
        history.growth_lost_since,
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
        -- Few comments deviate by chance: as far as those that so many likes usually bring do.
        (ln(engagement.comments_per_100_likes + 0.1) - usual.comments) / sqrt(
            pow(usual.comments_over, 2) + 1 / (exp(usual.comments) / 100 * engagement.likes_total + 0.5)
        ) AS comments_over,
        (usual.comments - ln(engagement.comments_per_100_likes + 0.1)) / sqrt(
            pow(usual.comments_under, 2) + 1 / (exp(usual.comments) / 100 * engagement.likes_total + 0.5)
        ) AS comments_under,
        (ln(engagement.top_post_over_median) - usual.top_post) / usual.top_post_over AS top_post_over,
        -- A step counts beyond what the account is used to, and in full once what it brought is lost again.
        (history.largest_daily_growth - 3 * history.usual_daily_growth - usual.step) / usual.step_over
        * (0.5 + 0.5 * history.growth_lost_since) AS step_over,
        -- Growth far over the usual, as far as engagement lies under it.
        CASE
            WHEN history.followers_growth_30d IS NOT NULL AND estimates.engagement_deviation IS NOT NULL THEN least(
                (history.followers_growth_30d - usual.growth) / usual.growth_over,
                3.5 - 2 * estimates.engagement_deviation
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

doubted AS (
    SELECT
        deviating.*,
        1 / (1 + exp(2 * (3.5 - greatest(comments_over, comments_under)))) AS odd_comments,
        1 / (1 + exp(2 * (3.5 - comments_over))) / (1 + exp(2 * (2.3 - engagement_deviation)))
            AS pod_engagement,
        1 / (1 + exp(2 * (3.5 - top_post_over))) AS one_post,
        1 / (1 + exp(2 * (3.5 - step_over))) AS follower_step,
        1 / (1 + exp(2 * (3.5 - hollow))) AS hollow_growth,
        1 / (1 + exp(2 * (3.5 - turnover_over))) AS follow_unfollow,
        1 / (1 + exp(2 * (3.5 - following_over))) AS mass_following,
        1 / (1 + exp(2 * (3.5 + engagement_deviation))) AS low_engagement,
        1 / (1 + exp(2 * (3.5 - posts_under))) AS few_posts,
        1 / (1 + exp(2 * (3.5 - digits_over))) AS digits_in_handle,
        CASE WHEN has_picture THEN 0.0 WHEN NOT has_picture THEN 1.0 END AS no_picture
    FROM deviating
),

weighing AS (
    SELECT
        max(CASE WHEN component = 'even_engagement' THEN weight END) AS even_engagement,
        max(CASE WHEN component = 'odd_comments' THEN weight END) AS odd_comments,
        max(CASE WHEN component = 'pod_engagement' THEN weight END) AS pod_engagement,
        max(CASE WHEN component = 'one_post' THEN weight END) AS one_post,
        max(CASE WHEN component = 'follower_step' THEN weight END) AS follower_step,
        max(CASE WHEN component = 'hollow_growth' THEN weight END) AS hollow_growth,
        max(CASE WHEN component = 'follow_unfollow' THEN weight END) AS follow_unfollow,
        max(CASE WHEN component = 'mass_following' THEN weight END) AS mass_following,
        max(CASE WHEN component = 'low_engagement' THEN weight END) AS low_engagement,
        max(CASE WHEN component = 'few_posts' THEN weight END) AS few_posts,
        max(CASE WHEN component = 'digits_in_handle' THEN weight END) AS digits_in_handle,
        max(CASE WHEN component = 'no_picture' THEN weight END) AS no_picture
    FROM weights
    WHERE part = 'authenticity'
)

SELECT
    doubted.platform,
    doubted.profile_id,
    doubted.snapshot_date,
    CASE
        WHEN coalesce(
            doubted.even_engagement, doubted.odd_comments, doubted.one_post, doubted.follower_step, doubted.hollow_growth,
            doubted.follow_unfollow, doubted.mass_following, doubted.low_engagement, doubted.few_posts,
            doubted.digits_in_handle, doubted.no_picture
        ) IS NOT NULL THEN
            (1 - weighing.even_engagement * coalesce(doubted.even_engagement, 0))
            * (1 - weighing.odd_comments * coalesce(doubted.odd_comments, 0))
            * (1 - weighing.pod_engagement * coalesce(doubted.pod_engagement, 0))
            * (1 - weighing.one_post * coalesce(doubted.one_post, 0))
            * (1 - weighing.follower_step * coalesce(doubted.follower_step, 0))
            * (1 - weighing.hollow_growth * coalesce(doubted.hollow_growth, 0))
            * (1 - weighing.follow_unfollow * coalesce(doubted.follow_unfollow, 0))
            * (1 - weighing.mass_following * coalesce(doubted.mass_following, 0))
            * (1 - weighing.low_engagement * coalesce(doubted.low_engagement, 0))
            * (1 - weighing.few_posts * coalesce(doubted.few_posts, 0))
            * (1 - weighing.digits_in_handle * coalesce(doubted.digits_in_handle, 0))
            * (1 - weighing.no_picture * coalesce(doubted.no_picture, 0))
    END AS authenticity,
    nullif(concat_ws(
        ', ',
        CASE WHEN doubted.is_viral THEN 'one_viral_post' END,
        CASE WHEN doubted.is_over_1 THEN 'ratio_over_1' END,
        CASE WHEN doubted.hides_likes THEN 'hidden_likes' END,
        CASE WHEN doubted.even_engagement > 0.5 THEN 'even_engagement' END,
        CASE WHEN doubted.odd_comments > 0.5 AND doubted.comments_over > 0 THEN 'many_comments' END,
        CASE WHEN doubted.odd_comments > 0.5 AND doubted.comments_under > 0 THEN 'few_comments' END,
        CASE WHEN doubted.pod_engagement > 0.5 THEN 'pod_engagement' END,
        CASE WHEN doubted.one_post > 0.5 THEN 'one_post' END,
        CASE WHEN doubted.follower_step > 0.5 THEN 'follower_step' END,
        CASE WHEN doubted.hollow_growth > 0.5 THEN 'hollow_growth' END,
        CASE WHEN doubted.follow_unfollow > 0.5 THEN 'follow_unfollow' END,
        CASE WHEN doubted.mass_following > 0.5 THEN 'mass_following' END,
        CASE WHEN doubted.low_engagement > 0.5 THEN 'low_engagement' END,
        CASE WHEN doubted.few_posts > 0.5 THEN 'few_posts' END,
        CASE WHEN doubted.digits_in_handle > 0.5 THEN 'digits_in_handle' END,
        CASE WHEN doubted.no_picture > 0.5 THEN 'no_picture' END
    ), '') AS flags,
    doubted.even_engagement,
    doubted.post_spread,
    doubted.odd_comments,
    doubted.comments_per_100_likes,
    doubted.pod_engagement,
    doubted.low_engagement,
    doubted.engagement_deviation,
    doubted.one_post,
    doubted.top_post_over_median,
    doubted.follower_step,
    doubted.largest_daily_growth,
    doubted.growth_lost_since,
    doubted.hollow_growth,
    doubted.followers_growth_30d,
    doubted.follow_unfollow,
    doubted.following_turnover,
    doubted.mass_following,
    doubted.following,
    doubted.following_ratio,
    doubted.few_posts,
    doubted.posts_count,
    doubted.digits_in_handle,
    doubted.handle_digit_share,
    doubted.no_picture,
    doubted.has_picture
FROM doubted
CROSS JOIN weighing;
