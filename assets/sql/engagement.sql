-- One row per account: ratios over its newest settled posts, or over the export's own averages; and the inputs of the
-- ranking model from all its settled posts of the window (docs/model.md, "Level of an account").
--
-- Inputs: profiles, posts (both may come bucket by bucket: each account is computed on its own), tiers, parameters.
-- Sums are over integers (logs in millionths), so that no figure depends on the order of rows or threads.

-- The sample is bounded by the date of its oldest post, which one grouping finds. Posts of the very same second are all
-- in it, so that no order of ids decides.

-- Posts are grouped by a number for each account, which takes half the time that two columns of text would.

-- Few columns at first: a join by range and a window both sort their rows.
WITH accounts AS (
    SELECT
        profiles.platform,
        profiles.profile_id,
        tiers.tier,
        tiers.ranked,
        row_number() OVER (ORDER BY profiles.platform, profiles.profile_id) AS account
    FROM profiles
    LEFT JOIN tiers
        ON profiles.followers >= tiers.lowest AND (tiers.below IS NULL OR profiles.followers < tiers.below)
),

dated AS (
    SELECT
        accounts.account,
        posts.posted_at,
        posts.likes,
        posts.comments,
        posts.views,
        posts.shares,
        CASE
            WHEN posts.is_sponsored THEN 1
            WHEN contains(coalesce(posts.caption, ''), '#') OR posts.hashtags IS NOT NULL THEN CAST(regexp_matches(
                lower(concat(' ', coalesce(posts.caption, ''), ' #', replace(coalesce(posts.hashtags, ''), ' ', ' #'), ' ')),
                '#(ad|ads|advert|sponsored|paidpartnership|paid|werbung|anzeige|bezahltepartnerschaft|publicit[eé]|publi|sponsoris[eé]|partenariatr[eé]mun[eé]r[eé]|publicidad|reklama|adv)[^a-z0-9_]'
            ) AS INTEGER)
            ELSE 0
        END AS sponsored,
        date_diff('day', CAST(posts.posted_at AS DATE), posts.snapshot_date) - posts.data_age_days AS age,
        NOT coalesce(posts.is_pinned, false)
        AND date_diff('day', CAST(posts.posted_at AS DATE), posts.snapshot_date) - posts.data_age_days
        BETWEEN parameters.settle_days AND parameters.window_days AS is_settled
    FROM posts
    CROSS JOIN parameters
    JOIN accounts ON posts.platform = accounts.platform AND posts.profile_id = accounts.profile_id
),

newest AS (
    SELECT
        dated.account,
        max(dated.posted_at) AS last_posted_at,
        list_min(max(CASE WHEN dated.is_settled THEN dated.posted_at END, parameters.sample_posts)) AS sampled_since,
        -- An account hides its likes if all of at least eight posts have exactly 3, or most posts do and have more comments.
        (count(dated.likes) >= 8 AND min(dated.likes) = 3 AND max(dated.likes) = 3)
        OR (
            count(CASE WHEN dated.likes = 3 AND dated.comments > 3 THEN 1 END) >= 3
            AND 2 * count(CASE WHEN dated.likes = 3 AND dated.comments > 3 THEN 1 END) > count(dated.likes)
        ) AS is_disguised
    FROM dated
    CROSS JOIN parameters
    GROUP BY dated.account
),

settled AS (
    SELECT
        dated.account,
        dated.posted_at,
        dated.posted_at >= newest.sampled_since AS is_sampled,
        dated.comments,
        dated.views,
        CASE WHEN newest.is_disguised AND dated.likes = 3 THEN NULL ELSE dated.likes END AS likes,
        coalesce(dated.shares, 0) AS shares,
        dated.age,
        dated.sponsored
    FROM dated
    JOIN newest ON dated.account = newest.account
    WHERE dated.is_settled
),

logged AS (
    SELECT
        settled.*,
        CASE WHEN is_sampled THEN likes END AS sampled_likes,
        CASE WHEN is_sampled THEN comments END AS sampled_comments,
        CASE WHEN is_sampled THEN likes + comments END AS sampled_engagement,
        CASE WHEN is_sampled THEN posted_at END AS sampled_at,
        likes + comments AS engagement,
        CASE WHEN likes + comments IS NOT NULL THEN CAST(epoch(posted_at) AS BIGINT) END AS posted_second,
        CAST(round(ln(likes + comments + 0.5) * 1000000) AS BIGINT) AS log_engagement
    FROM settled
),

sample AS (
    SELECT
        account,
        count(sampled_at) AS posts_sampled,
        count(sampled_at) - count(sampled_likes) AS hidden_like_posts,
        count(sampled_engagement) AS engagement_posts,
        median(sampled_likes) AS likes_median,
        median(sampled_comments) AS comments_median,
        median(sampled_engagement) AS engagement_median,
        CAST(sum(sampled_engagement) AS DOUBLE) / nullif(count(sampled_engagement), 0) AS engagement_mean,
        CAST(sum(CASE WHEN views > 0 THEN sampled_engagement + shares END) AS DOUBLE)
        / nullif(sum(CASE WHEN views > 0 AND sampled_engagement IS NOT NULL THEN views END), 0) AS view_engagement_ratio,
        CAST(sum(sampled_likes) AS DOUBLE) AS likes_total,
        CAST(sum(CASE WHEN sampled_likes IS NOT NULL THEN comments END) AS DOUBLE) AS comments_total,
        CAST(sum(CASE WHEN is_sampled THEN sponsored END) AS DOUBLE) / nullif(count(sampled_at), 0) AS sponsored_share,
        count(CASE WHEN sponsored = 1 THEN log_engagement END) AS sponsored_count,
        sum(CASE WHEN sponsored = 1 THEN log_engagement END) AS sponsored_log_sum,
        -- Whole seconds between the first and the last post; null where they are the same.
        (count(sampled_at) - 1) * 604800.0 / nullif(date_diff('second', min(sampled_at), max(sampled_at)), 0)
            AS posts_per_week,
        count(log_engagement) AS level_posts,
        sum(log_engagement) AS log_sum,
        median(log_engagement) AS log_median,
        max(log_engagement) AS log_highest,
        CAST(sum(engagement) AS DOUBLE) / nullif(count(engagement), 0) AS window_mean,
        CAST(sum(posted_second) AS DOUBLE) / nullif(count(posted_second), 0) AS middle_second
    FROM logged
    GROUP BY account
),

-- Deviations of the posts from the median, clamped (Huber's psi), and the same of the newer part of them.
clamped AS (
    SELECT
        logged.account,
        logged.posted_second > sample.middle_second AS is_newer,
        CAST(round(clamped(logged.log_engagement - sample.log_median, huber_bound() * 1000000)) AS BIGINT) AS deviation,
        abs(logged.log_engagement - sample.log_median) <= huber_bound() * 1000000 AS is_free
    FROM logged
    JOIN sample ON logged.account = sample.account
    WHERE logged.log_engagement IS NOT NULL
),

levels AS (
    SELECT
        account,
        CAST(sum(deviation) AS DOUBLE) / count(*) / 1e6 AS step,
        (CAST(sum(deviation * deviation) AS DOUBLE) - pow(CAST(sum(deviation) AS DOUBLE), 2) / count(*)) / 1e12
        / pow(greatest(CAST(count(CASE WHEN is_free THEN 1 END) AS DOUBLE) / count(*), min_free_share()), 2) AS level_ss,
        count(CASE WHEN is_newer THEN 1 END) AS newer_posts,
        CAST(sum(CASE WHEN is_newer THEN deviation END) AS DOUBLE) / 1e6 AS newer_sum,
        CAST(sum(CASE WHEN NOT is_newer THEN deviation END) AS DOUBLE) / 1e6 AS older_sum
    FROM clamped
    GROUP BY account
),

based AS (
    SELECT
        profiles.*,
        accounts.account,
        accounts.tier,
        accounts.ranked,
        nullif(profiles.followers, 0) AS base,
        coalesce(profiles.avg_engagement, profiles.avg_likes + profiles.avg_comments) AS averaged_engagement,
        CASE
            WHEN sample.engagement_posts > 0 THEN 'posts'
            WHEN coalesce(profiles.avg_engagement, profiles.avg_likes) IS NOT NULL THEN 'averages'
            WHEN sample.posts_sampled > 0 THEN 'posts'
        END AS engagement_basis,
        coalesce(sample.posts_sampled, 0) AS posts_sampled,
        coalesce(sample.hidden_like_posts, 0) AS hidden_like_posts,
        coalesce(sample.engagement_posts, 0) AS engagement_posts,
        sample.likes_median,
        sample.comments_median,
        sample.engagement_median,
        sample.engagement_mean,
        sample.view_engagement_ratio AS sampled_view_ratio,
        sample.level_posts,
        sample.log_sum,
        sample.log_median,
        sample.log_highest,
        sample.window_mean,
        levels.step,
        levels.level_ss,
        levels.newer_posts,
        levels.newer_sum,
        levels.older_sum,
        sample.likes_total,
        sample.comments_total,
        sample.sponsored_share,
        sample.sponsored_count,
        sample.sponsored_log_sum,
        sample.posts_per_week,
        newest.last_posted_at
    FROM profiles
    JOIN accounts ON profiles.platform = accounts.platform AND profiles.profile_id = accounts.profile_id
    LEFT JOIN sample ON accounts.account = sample.account
    LEFT JOIN levels ON accounts.account = levels.account
    LEFT JOIN newest ON accounts.account = newest.account
),

ratios AS (
    SELECT
        based.*,
        CASE WHEN engagement_basis = 'posts' THEN likes_median ELSE avg_likes END / base AS like_rate,
        CASE WHEN engagement_basis = 'posts' THEN comments_median ELSE avg_comments END / base AS comment_rate,
        CASE WHEN engagement_basis = 'posts' THEN engagement_median ELSE averaged_engagement END / base AS engagement_ratio,
        CASE WHEN engagement_basis = 'posts' THEN engagement_mean ELSE averaged_engagement END / base AS engagement_ratio_mean,
        CASE
            WHEN engagement_basis = 'posts' THEN sampled_view_ratio
            ELSE quotient(averaged_engagement + coalesce(avg_shares, 0), avg_views)
        END AS view_engagement_ratio,
        CASE
            WHEN base IS NULL THEN 0
            WHEN engagement_basis = 'posts' THEN coalesce(level_posts, 0)
            ELSE 0
        END AS posts
    FROM based
),

leveled AS (
    SELECT ratios.*, CASE WHEN posts > 0 THEN log_median / 1e6 + step END AS level
    FROM ratios
)

SELECT
    leveled.platform,
    leveled.profile_id,
    leveled.handle,
    leveled.display_name,
    leveled.profile_url,
    leveled.followers,
    leveled.following,
    leveled.posts_count,
    leveled.is_verified,
    leveled.is_private,
    leveled.has_picture,
    leveled.tier,
    leveled.ranked AS is_ranked_tier,
    -- Spelling variants of a word in an export are one sector.
    lower(leveled.sector) AS sector,
    leveled.country,
    leveled.city,
    leveled.language,
    leveled.sex,
    leveled.age,
    leveled.age_band,
    leveled.tone,
    leveled.like_rate,
    leveled.comment_rate,
    leveled.engagement_ratio,
    leveled.engagement_ratio_mean,
    leveled.view_engagement_ratio,
    leveled.reported_engagement_ratio,
    CASE
        WHEN leveled.engagement_ratio IS NOT NULL THEN NULL
        WHEN leveled.base IS NULL THEN 'zero_followers'
        WHEN leveled.is_private AND leveled.posts_sampled = 0 THEN 'private'
        WHEN leveled.engagement_basis IS NULL THEN 'no_posts'
        WHEN leveled.engagement_basis = 'posts' AND leveled.hidden_like_posts = leveled.posts_sampled THEN 'likes_hidden'
        ELSE 'no_comments'
    END AS engagement_null_reason,
    CAST(leveled.posts_sampled AS BIGINT) AS posts_sampled,
    leveled.engagement_basis,
    CAST(leveled.hidden_like_posts AS BIGINT) AS hidden_like_posts,
    CAST(date_diff('day', CAST(leveled.last_posted_at AS DATE), leveled.snapshot_date) AS INTEGER) AS days_since_last_post,
    leveled.posts_per_week,
    leveled.sponsored_share,
    CASE
        WHEN leveled.sponsored_count > 0 AND leveled.sponsored_count < leveled.level_posts THEN exp((
            CAST(leveled.sponsored_log_sum AS DOUBLE) / leveled.sponsored_count
            - CAST(leveled.log_sum - leveled.sponsored_log_sum AS DOUBLE) / (leveled.level_posts - leveled.sponsored_count)
        ) / 1e6)
    END AS sponsored_lift,
    100 * CASE
        WHEN leveled.engagement_basis = 'posts' THEN quotient(leveled.comments_total, leveled.likes_total)
        ELSE quotient(leveled.avg_comments, leveled.avg_likes)
    END AS comments_per_100_likes,
    CASE WHEN leveled.engagement_basis = 'posts' THEN leveled.likes_total ELSE leveled.avg_likes * coalesce(leveled.averaged_posts, 1) END
        AS likes_total,
    CASE
        WHEN leveled.engagement_basis = 'posts' THEN leveled.comments_total
        ELSE leveled.avg_comments * coalesce(leveled.averaged_posts, 1)
    END AS comments_total,
    -- With few posts, the maximum is not far above the median for any account.
    CASE WHEN leveled.posts >= 5 THEN exp((leveled.log_highest - leveled.log_median) / 1e6) END AS top_post_over_median,
    CAST(leveled.following AS DOUBLE) / leveled.base AS following_ratio,
    CAST(length(leveled.handle) - length(translate(leveled.handle, '0123456789', '')) AS DOUBLE) / nullif(length(leveled.handle), 0)
        AS handle_digit_share,
    CASE WHEN leveled.engagement_basis = 'averages' THEN leveled.averaged_posts END AS averaged_posts,
    CAST(leveled.posts AS BIGINT) AS level_posts,
    leveled.level - ln(leveled.base) AS level,
    CASE WHEN leveled.posts > 0 THEN greatest(leveled.level_ss, 0) END AS level_ss,
    CASE
        WHEN leveled.posts > 0 THEN ln(leveled.window_mean + 0.5)
        WHEN leveled.engagement_basis = 'averages' THEN ln(leveled.averaged_engagement + 0.5)
    END - ln(leveled.base) AS log_mean,
    counting_variance(coalesce(leveled.level, ln(leveled.averaged_engagement + 0.5))) AS counting_variance,
    CASE
        WHEN leveled.posts > 0 AND leveled.newer_posts BETWEEN 1 AND leveled.posts - 1
            THEN leveled.newer_sum / leveled.newer_posts - leveled.older_sum / (leveled.posts - leveled.newer_posts)
    END AS level_change,
    CASE
        WHEN leveled.posts > 0 AND leveled.newer_posts BETWEEN 1 AND leveled.posts - 1
            THEN 1.0 / leveled.newer_posts + 1.0 / (leveled.posts - leveled.newer_posts)
    END AS level_change_noise,
    leveled.snapshot_date,
    leveled.data_age_days,
    leveled.source,
    leveled.landed_file,
    leveled.landed_row
FROM leveled;
