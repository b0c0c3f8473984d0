-- One row per account: ratios over its newest settled posts, or over the export's own averages; and in log_* and
-- age_* what the estimate needs to know of all its settled posts of the window.
--
-- Inputs: profiles, posts (both may come bucket by bucket: each account is computed on its own), tiers, parameters.
-- Sums are over integers (logs in millionths), so that no figure depends on the order of rows or threads.

-- The sample is found by its oldest post: one grouping tells when that was, and the posts since then are the sample. Posts
-- of the very second of the last one are all in it, so that no order of ids decides.

-- Posts are grouped by a number for each account, which takes half the time that two columns of text would.

-- Few columns at first: whatever goes through a join by range, or gets a number, is sorted.
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
        date_diff('day', CAST(posts.posted_at AS DATE), posts.snapshot_date) - posts.snapshot_age_days AS age,
        NOT coalesce(posts.is_pinned, false)
        AND date_diff('day', CAST(posts.posted_at AS DATE), posts.snapshot_date) - posts.snapshot_age_days
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
        -- An account whose posts mostly have the very same 3 likes, while more people comment, hides its likes.
        count(CASE WHEN dated.likes = 3 AND dated.comments > 3 THEN 1 END) >= 3
        AND 2 * count(CASE WHEN dated.likes = 3 AND dated.comments > 3 THEN 1 END) > count(dated.likes) AS is_disguised
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
        CASE WHEN likes + comments IS NOT NULL THEN age END AS engagement_age,
        -- Whose square fits 64 bits; no post has more.
        CASE WHEN likes + comments > 3000000000 THEN 3000000000 ELSE likes + comments END AS engagement,
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
        median(engagement) AS window_median,
        CAST(sum(sampled_engagement) AS DOUBLE) / nullif(count(sampled_engagement), 0) AS engagement_mean,
        CAST(sum(CASE WHEN views > 0 THEN sampled_engagement + shares END) AS DOUBLE)
        / nullif(sum(CASE WHEN views > 0 AND sampled_engagement IS NOT NULL THEN views END), 0) AS view_engagement_ratio,
        CAST(sum(sampled_likes) AS DOUBLE) AS likes_total,
        CAST(sum(CASE WHEN sampled_likes IS NOT NULL THEN comments END) AS DOUBLE) AS comments_total,
        CAST(sum(CASE WHEN is_sampled THEN sponsored END) AS DOUBLE) / count(sampled_at) AS sponsored_share,
        count(CASE WHEN sponsored = 1 THEN log_engagement END) AS sponsored_count,
        sum(CASE WHEN sponsored = 1 THEN log_engagement END) AS sponsored_log_sum,
        CASE
            WHEN max(sampled_at) > min(sampled_at)
                THEN (count(sampled_at) - 1) * 604800.0 / date_diff('second', min(sampled_at), max(sampled_at))
        END AS posts_per_week,
        count(log_engagement) AS log_count,
        sum(log_engagement) AS log_sum,
        sum(log_engagement * log_engagement) AS log_square_sum,
        max(log_engagement) AS log_highest,
        sum(engagement) AS engagement_sum,
        sum(engagement * engagement) AS engagement_square_sum,
        sum(engagement * log_engagement) AS engagement_log_sum,
        sum(engagement_age) AS age_sum,
        sum(engagement_age * engagement_age) AS age_square_sum,
        sum(engagement_age * log_engagement) AS age_log_sum,
        sum(engagement_age * engagement_age * engagement_age) AS age_cube_sum,
        sum(engagement_age * engagement_age * engagement_age * engagement_age) AS age_fourth_sum,
        sum(engagement_age * engagement_age * log_engagement) AS age_square_log_sum
    FROM logged
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
        END AS sample_basis,
        coalesce(sample.posts_sampled, 0) AS posts_sampled,
        coalesce(sample.hidden_like_posts, 0) AS hidden_like_posts,
        coalesce(sample.engagement_posts, 0) AS engagement_posts,
        sample.likes_median,
        sample.comments_median,
        sample.engagement_median,
        sample.window_median,
        sample.engagement_mean,
        sample.view_engagement_ratio AS sampled_view_ratio,
        sample.log_count AS posts_counted,
        sample.log_sum,
        sample.log_square_sum,
        sample.log_highest AS highest,
        -- Of engagement + 0.5, as its logs are.
        CAST(sample.engagement_sum AS DOUBLE) / sample.log_count + 0.5 AS arithmetic_mean,
        CAST(
            sample.engagement_square_sum
            - CAST(sample.engagement_sum AS DECIMAL(38, 0)) * sample.engagement_sum / sample.log_count AS DOUBLE
        ) AS engagement_squares,
        CAST(
            sample.engagement_log_sum - CAST(sample.engagement_sum AS DECIMAL(38, 0)) * sample.log_sum / sample.log_count
            AS DOUBLE
        ) / 1e6 AS engagement_log_products,
        sample.age_sum,
        sample.age_square_sum,
        sample.age_log_sum,
        sample.age_cube_sum,
        sample.age_fourth_sum,
        sample.age_square_log_sum,
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
    LEFT JOIN newest ON accounts.account = newest.account
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
        CASE
            WHEN base IS NULL THEN 0
            WHEN sample_basis = 'posts' AND engagement_posts > 0 THEN posts_counted
            WHEN averaged_engagement IS NOT NULL THEN 1
            ELSE 0
        END AS log_count,
        CAST(round(ln(base) * 1000000) AS BIGINT) AS log_base
    FROM based
),

logs AS (
    SELECT
        ratios.*,
        CASE
            WHEN log_count = 0 THEN NULL
            WHEN sample_basis = 'posts' THEN CAST(round(CAST(log_sum AS DOUBLE) / log_count) AS BIGINT)
            ELSE CAST(round(ln(averaged_engagement + 0.5) * 1000000) AS BIGINT)
        END - log_base AS log_ratio,
        -- Of two posts the median is their mean, and the mean of logs the better middle.
        CASE
            WHEN log_count = 0 OR sample_basis = 'averages' THEN NULL
            WHEN log_count <= 2 THEN CAST(round(CAST(log_sum AS DOUBLE) / log_count) AS BIGINT)
            ELSE CAST(round(ln(window_median + 0.5) * 1000000) AS BIGINT)
        END - log_base AS log_median
    FROM ratios
),

-- Sums of powers of the ages' deviations from their mean, and of their products with logs.
moments AS (
    SELECT
        logs.*,
        exp((log_ratio + log_base) / 1e6) AS typical_count,
        age_square_sum - age_mean * age_sum AS age_squares,
        age_cube_sum - 3 * age_mean * age_square_sum + 2 * pow(age_mean, 2) * age_sum AS age_cubes,
        age_fourth_sum - 4 * age_mean * age_cube_sum + 6 * pow(age_mean, 2) * age_square_sum - 3 * pow(age_mean, 3) * age_sum
            AS age_fourths,
        (age_log_sum - age_mean * log_sum) / 1e6 AS age_log_products,
        (
            age_square_log_sum - 2 * age_mean * age_log_sum
            - (CAST(age_square_sum AS DOUBLE) / nullif(log_count, 0) - 2 * pow(age_mean, 2)) * log_sum
        ) / 1e6 AS age_square_log_products
    FROM (SELECT logs.*, CASE WHEN log_count > 0 THEN CAST(age_sum AS DOUBLE) / log_count END AS age_mean FROM logs) AS logs
)

SELECT
    logs.platform,
    logs.profile_id,
    logs.handle,
    logs.display_name,
    logs.profile_url,
    logs.followers,
    logs.following,
    logs.posts_count,
    logs.is_verified,
    logs.is_private,
    logs.has_picture,
    logs.tier,
    logs.ranked AS is_ranked_tier,
    -- Exports that write a word in two ways mean one sector.
    lower(logs.sector) AS sector,
    logs.country,
    logs.city,
    logs.language,
    logs.sex,
    logs.age,
    logs.age_band,
    logs.tone,
    logs.like_rate,
    logs.comment_rate,
    logs.engagement_ratio,
    logs.engagement_ratio_mean,
    logs.view_engagement_ratio,
    logs.reported_engagement_ratio,
    CASE
        WHEN logs.engagement_ratio IS NOT NULL THEN NULL
        WHEN logs.base IS NULL THEN 'zero_followers'
        WHEN logs.is_private AND logs.posts_sampled = 0 THEN 'private'
        WHEN logs.sample_basis IS NULL THEN 'no_posts'
        WHEN logs.sample_basis = 'posts' AND logs.hidden_like_posts = logs.posts_sampled THEN 'likes_hidden'
        ELSE 'no_comments'
    END AS engagement_null_reason,
    CAST(logs.posts_sampled AS BIGINT) AS posts_sampled,
    logs.sample_basis,
    CAST(logs.hidden_like_posts AS BIGINT) AS hidden_like_posts,
    CAST(date_diff('day', CAST(logs.last_posted_at AS DATE), logs.snapshot_date) AS INTEGER) AS days_since_last_post,
    logs.posts_per_week,
    logs.sponsored_share,
    CASE
        WHEN logs.sponsored_count > 0 AND logs.sponsored_count < logs.posts_counted THEN exp((
            CAST(logs.sponsored_log_sum AS DOUBLE) / logs.sponsored_count
            - CAST(logs.log_sum - logs.sponsored_log_sum AS DOUBLE) / (logs.posts_counted - logs.sponsored_count)
        ) / 1e6)
    END AS sponsored_lift,
    100 * CASE WHEN logs.sample_basis = 'posts' THEN logs.comments_total ELSE logs.avg_comments END
    / nullif(CASE WHEN logs.sample_basis = 'posts' THEN logs.likes_total ELSE logs.avg_likes END, 0)
        AS comments_per_100_likes,
    CASE WHEN logs.sample_basis = 'posts' THEN logs.likes_total ELSE logs.avg_likes * coalesce(logs.averaged_posts, 1) END
        AS likes_total,
    CASE
        WHEN logs.sample_basis = 'posts' THEN logs.comments_total
        ELSE logs.avg_comments * coalesce(logs.averaged_posts, 1)
    END AS comments_total,
    CASE WHEN logs.log_median IS NOT NULL AND logs.log_count >= 5 THEN exp((logs.highest - logs.log_base - logs.log_median) / 1e6) END
        AS top_post_over_median,
    CAST(logs.following AS DOUBLE) / logs.base AS following_ratio,
    CAST(length(logs.handle) - length(translate(logs.handle, '0123456789', '')) AS DOUBLE) / nullif(length(logs.handle), 0)
        AS handle_digit_share,
    CASE WHEN logs.sample_basis = 'averages' THEN logs.averaged_posts END AS averaged_posts,
    CAST(logs.log_count AS BIGINT) AS log_count,
    logs.log_ratio,
    logs.log_median,
    -- Of a Poisson count whose rate scatters, too: a fifth more than 1 / count, but for the smallest, whose log is held
    -- up by the half that is added.
    1.2 / (logs.typical_count + 3 * exp(-0.4 * logs.typical_count)) AS counting_variance,
    CASE WHEN logs.log_median IS NOT NULL THEN logs.highest - logs.log_base END AS log_highest,
    CASE
        WHEN logs.log_median IS NOT NULL THEN CAST(
            logs.log_square_sum - CAST(logs.log_sum AS DECIMAL(38, 0)) * logs.log_sum / logs.log_count AS DOUBLE
        ) / 1e12
    END AS log_within_squares,
    CASE
        WHEN logs.log_median IS NOT NULL THEN CAST(round(ln(logs.arithmetic_mean) * 1000000) AS BIGINT) - logs.log_base
    END AS log_of_mean,
    CASE WHEN logs.log_median IS NOT NULL THEN logs.engagement_squares / logs.arithmetic_mean / logs.arithmetic_mean END
        AS mean_squares,
    CASE WHEN logs.log_median IS NOT NULL THEN logs.engagement_log_products / logs.arithmetic_mean END AS mean_log_products,
    CASE WHEN logs.log_median IS NOT NULL THEN logs.age_mean END AS age_mean,
    CASE WHEN logs.log_median IS NOT NULL THEN logs.age_squares END AS age_squares,
    CASE WHEN logs.log_median IS NOT NULL THEN logs.age_log_products END AS age_log_products,
    -- Of posts of three days and more: squared ages, of which a straight line is taken off, tell a bend.
    CASE
        WHEN
            logs.log_median IS NOT NULL AND logs.log_count > 3 AND logs.age_squares > 0
            AND logs.age_fourths - pow(logs.age_squares, 2) / logs.log_count - pow(logs.age_cubes, 2) / logs.age_squares
            > 0.001 * logs.age_fourths
            THEN
                pow(logs.age_square_log_products - logs.age_cubes * logs.age_log_products / logs.age_squares, 2)
                / (
                    logs.age_fourths - pow(logs.age_squares, 2) / logs.log_count
                    - pow(logs.age_cubes, 2) / logs.age_squares
                )
    END AS log_bend_squares,
    logs.snapshot_date,
    logs.snapshot_age_days,
    logs.source,
    logs.landed_file,
    logs.landed_row
FROM moments AS logs;
