-- One row per account: ratios over its newest settled posts, or over the export's own averages.
--
-- Inputs: profiles, posts (both may come bucket by bucket: each account is computed on its own), tiers, parameters.
-- Sums are over integers (logs in millionths), so that no figure depends on the order of rows or threads.

-- The sample is found by its oldest post: one grouping tells when that was, and the posts since then are the sample. Posts
-- of the very second of the last one are all in it, so that no order of ids decides.

WITH newest AS (
    SELECT
        posts.platform,
        posts.profile_id,
        max(posts.posted_at) AS last_posted_at,
        list_min(max(
            CASE
                WHEN
                    NOT coalesce(posts.is_pinned, false)
                    AND date_diff('day', CAST(posts.posted_at AS DATE), posts.snapshot_date) - posts.snapshot_age_days
                    BETWEEN parameters.settle_days AND parameters.window_days
                    THEN posts.posted_at
            END,
            parameters.sample_posts
        )) AS sampled_since,
        -- An account whose posts mostly have the very same 3 likes, while more people comment, hides its likes.
        count(CASE WHEN posts.likes = 3 AND posts.comments > 3 THEN 1 END) >= 3
        AND 2 * count(CASE WHEN posts.likes = 3 AND posts.comments > 3 THEN 1 END) > count(posts.likes) AS is_disguised
    FROM posts
    CROSS JOIN parameters
    GROUP BY posts.platform, posts.profile_id
),

sampled AS (
    SELECT
        posts.platform,
        posts.profile_id,
        posts.posted_at,
        posts.comments,
        posts.views,
        CASE WHEN newest.is_disguised AND posts.likes = 3 THEN NULL ELSE posts.likes END AS likes,
        coalesce(posts.shares, 0) AS shares,
        CASE
            WHEN posts.is_sponsored THEN 1
            WHEN contains(coalesce(posts.caption, ''), '#') OR posts.hashtags IS NOT NULL THEN CAST(regexp_matches(
                lower(concat(' ', coalesce(posts.caption, ''), ' #', replace(coalesce(posts.hashtags, ''), ' ', ' #'), ' ')),
                '#(ad|ads|advert|sponsored|paidpartnership|paid|werbung|anzeige|bezahltepartnerschaft|publicit[eé]|publi|sponsoris[eé]|partenariatr[eé]mun[eé]r[eé]|publicidad|reklama|adv)[^a-z0-9_]'
            ) AS INTEGER)
            ELSE 0
        END AS sponsored
    FROM posts
    CROSS JOIN parameters
    JOIN newest
        ON
            posts.platform = newest.platform
            AND posts.profile_id = newest.profile_id
            AND posts.posted_at >= newest.sampled_since
    WHERE
        NOT coalesce(posts.is_pinned, false)
        AND date_diff('day', CAST(posts.posted_at AS DATE), posts.snapshot_date) - posts.snapshot_age_days
        >= parameters.settle_days
),

logged AS (
    SELECT
        sampled.*,
        likes + comments AS engagement,
        CAST(round(ln(likes + comments + 0.5) * 1000000) AS BIGINT) AS log_engagement
    FROM sampled
),

sample AS (
    SELECT
        platform,
        profile_id,
        count(*) AS posts_sampled,
        count(*) - count(likes) AS hidden_like_posts,
        count(engagement) AS engagement_posts,
        median(likes) AS likes_median,
        median(comments) AS comments_median,
        median(engagement) AS engagement_median,
        CAST(sum(engagement) AS DOUBLE) / nullif(count(engagement), 0) AS engagement_mean,
        CAST(sum(CASE WHEN views > 0 THEN engagement + shares END) AS DOUBLE)
        / nullif(sum(CASE WHEN views > 0 AND engagement IS NOT NULL THEN views END), 0) AS view_engagement_ratio,
        sum(log_engagement) AS log_sum,
        sum(log_engagement * log_engagement) AS log_square_sum,
        CAST(sum(sponsored) AS DOUBLE) / count(*) AS sponsored_share,
        CASE
            WHEN max(posted_at) > min(posted_at)
                THEN (count(*) - 1) * 604800.0 / date_diff('second', min(posted_at), max(posted_at))
        END AS posts_per_week
    FROM logged
    GROUP BY platform, profile_id
),

based AS (
    SELECT
        profiles.*,
        nullif(profiles.followers, 0) AS base,
        coalesce(profiles.avg_engagement, profiles.avg_likes + profiles.avg_comments) AS averaged_engagement,
        CASE
            WHEN sample.engagement_posts > 0 THEN 'posts'
            WHEN coalesce(profiles.avg_engagement, profiles.avg_likes) IS NOT NULL THEN 'averages'
            WHEN sample.posts_sampled > 0 THEN 'posts'
        END AS sample_basis,
        coalesce(sample.posts_sampled, 0) AS posts_sampled,
        coalesce(sample.hidden_like_posts, 0) AS hidden_like_posts,
        coalesce(sample.engagement_posts, 0) AS engagement_posts,
        sample.likes_median,
        sample.comments_median,
        sample.engagement_median,
        sample.engagement_mean,
        sample.view_engagement_ratio AS sampled_view_ratio,
        sample.log_sum,
        sample.log_square_sum,
        sample.sponsored_share,
        sample.posts_per_week,
        newest.last_posted_at
    FROM profiles
    LEFT JOIN sample ON profiles.platform = sample.platform AND profiles.profile_id = sample.profile_id
    LEFT JOIN newest ON profiles.platform = newest.platform AND profiles.profile_id = newest.profile_id
),

ratios AS (
    SELECT
        based.*,
        CASE WHEN sample_basis = 'posts' THEN likes_median ELSE avg_likes END / base AS like_rate,
        CASE WHEN sample_basis = 'posts' THEN comments_median ELSE avg_comments END / base AS comment_rate,
        CASE WHEN sample_basis = 'posts' THEN engagement_median ELSE averaged_engagement END / base AS engagement_ratio,
        CASE WHEN sample_basis = 'posts' THEN engagement_mean ELSE averaged_engagement END / base AS engagement_ratio_mean,
        CASE
            WHEN sample_basis = 'posts' THEN sampled_view_ratio
            ELSE (averaged_engagement + coalesce(avg_shares, 0)) / nullif(avg_views, 0)
        END AS view_engagement_ratio,
        -- Averages are over an unknown number of posts: they count as one.
        CASE
            WHEN base IS NULL THEN 0
            WHEN sample_basis = 'posts' THEN engagement_posts
            WHEN averaged_engagement IS NOT NULL THEN 1
            ELSE 0
        END AS log_count,
        CASE
            WHEN sample_basis = 'posts' THEN CAST(round(CAST(log_sum AS DOUBLE) / nullif(engagement_posts, 0)) AS BIGINT)
            ELSE CAST(round(ln(averaged_engagement + 0.5) * 1000000) AS BIGINT)
        END - CAST(round(ln(base) * 1000000) AS BIGINT) AS log_ratio,
        CASE
            WHEN sample_basis = 'posts' AND engagement_posts > 1
                THEN CAST(CAST(log_square_sum AS DECIMAL(38, 0)) - CAST(log_sum AS DECIMAL(38, 0)) * log_sum / engagement_posts AS DOUBLE) / 1e12
        END AS log_within_squares
    FROM based
)

SELECT
    ratios.platform,
    ratios.profile_id,
    ratios.handle,
    ratios.display_name,
    ratios.profile_url,
    ratios.followers,
    ratios.following,
    ratios.posts_count,
    ratios.is_verified,
    ratios.is_private,
    tiers.tier,
    tiers.ranked AS is_ranked_tier,
    ratios.sector,
    ratios.country,
    ratios.city,
    ratios.language,
    ratios.sex,
    ratios.age,
    ratios.age_band,
    ratios.tone,
    ratios.like_rate,
    ratios.comment_rate,
    ratios.engagement_ratio,
    ratios.engagement_ratio_mean,
    ratios.view_engagement_ratio,
    ratios.reported_engagement_ratio,
    CASE
        WHEN ratios.engagement_ratio IS NOT NULL THEN NULL
        WHEN ratios.base IS NULL THEN 'zero_followers'
        WHEN ratios.is_private AND ratios.posts_sampled = 0 THEN 'private'
        WHEN ratios.sample_basis IS NULL THEN 'no_posts'
        WHEN ratios.sample_basis = 'posts' AND ratios.hidden_like_posts = ratios.posts_sampled THEN 'likes_hidden'
        ELSE 'no_comments'
    END AS engagement_null_reason,
    CAST(ratios.posts_sampled AS BIGINT) AS posts_sampled,
    ratios.sample_basis,
    CAST(ratios.hidden_like_posts AS BIGINT) AS hidden_like_posts,
    CAST(date_diff('day', CAST(ratios.last_posted_at AS DATE), ratios.snapshot_date) AS INTEGER) AS days_since_last_post,
    ratios.posts_per_week,
    ratios.sponsored_share,
    CAST(CASE WHEN ratios.log_ratio IS NULL THEN 0 ELSE ratios.log_count END AS BIGINT) AS log_count,
    ratios.log_ratio,
    ratios.log_within_squares,
    ratios.snapshot_date,
    ratios.snapshot_age_days,
    ratios.source,
    ratios.landed_file,
    ratios.landed_row
FROM ratios
LEFT JOIN tiers
    ON ratios.followers >= tiers.lowest AND (tiers.below IS NULL OR ratios.followers < tiers.below);
