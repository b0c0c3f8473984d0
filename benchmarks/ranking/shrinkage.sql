-- A minimal ranking by plain log-normal shrinkage: three medians and a mean per account, logs, variances of each
-- platform × tier by moments, the estimate with its interval, lift and rank. It does not sample posts by window or
-- detect hidden likes, and computes no indicators, segments or growth.
WITH sized AS (
    SELECT profiles.platform, profiles.profile_id, profiles.handle, profiles.followers, tiers.tier, tiers.ranked
    FROM profiles
    JOIN tiers ON profiles.followers >= tiers.lowest AND (tiers.below IS NULL OR profiles.followers < tiers.below)
    WHERE profiles.followers > 0
),

grouped AS (
    SELECT
        platform,
        profile_id,
        count(*) AS posts,
        median(likes) AS likes,
        median(comments) AS comments,
        median(likes + comments) AS engagement,
        sum(likes + comments) AS total,
        sum(ln(likes + comments + 0.5)) AS log_sum,
        sum(pow(ln(likes + comments + 0.5), 2)) AS log_square_sum
    FROM posts
    WHERE likes + comments IS NOT NULL
    GROUP BY ALL
),

leveled AS (
    SELECT
        sized.*,
        grouped.posts,
        grouped.likes / sized.followers AS like_rate,
        grouped.comments / sized.followers AS comment_rate,
        grouped.engagement / sized.followers AS engagement_ratio,
        grouped.total / grouped.posts / sized.followers AS engagement_ratio_mean,
        grouped.log_sum / grouped.posts - ln(sized.followers) AS level,
        grouped.log_square_sum - grouped.log_sum * grouped.log_sum / grouped.posts AS squares
    FROM sized
    JOIN grouped ON sized.platform = grouped.platform AND sized.profile_id = grouped.profile_id
),

cells AS (
    SELECT
        platform,
        tier,
        sum(squares) / sum(posts - 1) AS within_variance,
        greatest(var_samp(level) - sum(squares) / sum(posts - 1) * avg(1.0 / posts), 1e-6) AS between_variance,
        avg(level) AS typical
    FROM leveled
    GROUP BY ALL
),

estimated AS (
    SELECT
        leveled.*,
        cells.typical,
        (posts * between_variance * level + within_variance * typical) / (posts * between_variance + within_variance)
            AS estimate,
        sqrt(between_variance * within_variance / (posts * between_variance + within_variance)) AS deviation
    FROM leveled
    JOIN cells ON leveled.platform = cells.platform AND leveled.tier = cells.tier
)

SELECT
    CASE
        WHEN ranked THEN row_number() OVER (PARTITION BY ranked ORDER BY estimate - typical DESC, platform, profile_id)
    END AS rank,
    platform,
    profile_id,
    handle,
    followers,
    tier,
    posts,
    like_rate,
    comment_rate,
    engagement_ratio,
    engagement_ratio_mean,
    exp(estimate - 1.28 * deviation) AS engagement_ci_lower,
    exp(estimate) AS engagement_estimate,
    exp(estimate + 1.28 * deviation) AS engagement_ci_upper,
    exp(estimate - typical) AS lift
FROM estimated
