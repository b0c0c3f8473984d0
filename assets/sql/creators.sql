-- Accounts of one person on several platforms, as far as they state it themselves: one row per account that is linked.
--
-- Inputs: profiles, shared_hosts (hosts with pages of many people; on some the path identifies the owner, on others
-- nothing does). Four statements link two accounts of different platforms: the same website, the same contact address,
-- a link from each to the other, and a link from one to the other where both have the same handle. A website or address
-- that two accounts of one platform share belongs to an agency or a brand and creates no link. Nor does a link that
-- would assign two accounts of one platform to one person. A name alone creates no link.

WITH RECURSIVE accounts AS (
    SELECT
        concat(platform, ':', profile_id) AS account,
        platform,
        profile_id,
        handle,
        lower(trim(contact_email)) AS contact,
        regexp_extract(
            trim(external_url), '(?i)^(?:https?://)?(?:www\.)?([^/?#\s]+\.[^/?#\s]+)(/[^?#\s]*)?', ['host', 'path']
        ) AS website,
        concat_ws(' ', external_url, biography) AS text
    FROM profiles
),

-- References to accounts in a text: youtube.com/channel/ by id, all others by handle.
links AS (
    SELECT
        account,
        CASE
            WHEN starts_with(lower(link), 'instagram.') THEN 'instagram'
            WHEN starts_with(lower(link), 'tiktok.') THEN 'tiktok'
            WHEN starts_with(lower(link), 'youtube.') THEN 'youtube'
            WHEN starts_with(lower(link), 'twitch.') THEN 'twitch'
            WHEN starts_with(lower(link), 'facebook.') THEN 'facebook'
            WHEN starts_with(lower(link), 'threads.') THEN 'threads'
            WHEN starts_with(lower(link), 'pinterest.') THEN 'pinterest'
            WHEN starts_with(lower(link), 'snapchat.') THEN 'snapchat'
            ELSE 'x'
        END AS platform,
        CASE WHEN NOT contains(lower(link), '/channel/') THEN rtrim(lower(regexp_extract(link, '([^/@]+)$', 1)), '.') END
            AS handle,
        CASE WHEN contains(lower(link), '/channel/') THEN regexp_extract(link, '([^/]+)$', 1) END AS profile_id
    FROM (
        SELECT
            account,
            unnest(regexp_extract_all(
                text,
                '(?i)(?:^|[^\w-])((?:instagram|facebook|twitter|x)\.com/[\w.]+|tiktok\.com/@[\w.]+|threads\.(?:net|com)/@[\w.]+'
                '|youtube\.com/(?:@|c/|user/|channel/)[\w.-]+|twitch\.tv/\w+|pinterest\.[a-z]+/\w+|snapchat\.com/add/[\w.-]+)',
                1
            )) AS link
        FROM accounts
        WHERE contains(text, '/')
    ) AS found
),

-- A handle that several accounts of a platform have identifies none of them.
handles AS (
    SELECT platform, handle, min(account) AS account FROM accounts GROUP BY platform, handle HAVING count(*) = 1
),

-- Joined by handle and by id separately: with OR, every link would be compared with every account of its platform.
-- The handle is that of the referenced account.
named AS (
    SELECT links.account, handles.account AS other, handles.platform, handles.handle
    FROM links
    JOIN handles ON links.platform = handles.platform AND links.handle = handles.handle
    UNION ALL
    SELECT links.account, accounts.account AS other, accounts.platform, accounts.handle
    FROM links
    JOIN accounts ON links.platform = accounts.platform AND links.profile_id = accounts.profile_id
),

stated AS (
    SELECT DISTINCT named.account, named.other, coalesce(named.handle = sender.handle, false) AS is_namesake
    FROM named
    JOIN accounts AS sender ON named.account = sender.account
    WHERE sender.platform <> named.platform
),

-- Keys that an account may share with one account of each other platform.
common AS (
    SELECT account, platform, 'same contact as' AS kind, contact AS value FROM accounts WHERE contains(contact, '@')
    UNION ALL
    SELECT
        accounts.account,
        accounts.platform,
        'same website as' AS kind,
        concat(lower(accounts.website.host), rtrim(accounts.website.path, '/')) AS value
    FROM accounts
    LEFT JOIN shared_hosts ON lower(accounts.website.host) = shared_hosts.host
    LEFT JOIN (
        SELECT DISTINCT lower(website.host) AS host
        FROM accounts
        WHERE website.host <> ''
        GROUP BY platform, lower(website.host)
        HAVING count(*) > 1
    ) AS crowded ON lower(accounts.website.host) = crowded.host
    WHERE
        accounts.website.host <> ''
        AND (
            (shared_hosts.host IS NULL AND crowded.host IS NULL)
            OR (rtrim(accounts.website.path, '/') <> '' AND coalesce(shared_hosts.tells, 'path') = 'path')
        )
),

owned AS (
    SELECT kind, value
    FROM common
    GROUP BY kind, value
    HAVING count(*) > 1 AND count(*) = count(DISTINCT platform)
),

edges AS (
    SELECT mine.account, theirs.account AS other, mine.kind AS reason
    FROM owned
    JOIN common AS mine ON owned.kind = mine.kind AND owned.value = mine.value
    JOIN common AS theirs ON owned.kind = theirs.kind AND owned.value = theirs.value
    WHERE mine.account <> theirs.account
    UNION ALL
    SELECT stated.account, stated.other, 'links to and from' AS reason
    FROM stated
    JOIN stated AS answer ON stated.account = answer.other AND stated.other = answer.account
    UNION ALL
    SELECT stated.account, stated.other, 'links to its namesake' AS reason FROM stated WHERE stated.is_namesake
    UNION ALL
    SELECT stated.other, stated.account, 'is linked from its namesake' AS reason FROM stated WHERE stated.is_namesake
),

neighbours AS (
    SELECT DISTINCT edges.account, edges.other, accounts.platform
    FROM edges
    JOIN accounts ON edges.other = accounts.account
    UNION ALL
    SELECT DISTINCT edges.account, edges.account AS other, accounts.platform
    FROM edges
    JOIN accounts ON edges.account = accounts.account
),

-- A person has at most one account of each of ten platforms here, so every account is within nine steps. An account
-- that reaches two of one platform is dropped at that step, so that no account ever has more than ten rows, whatever
-- the number of links.
reached AS (
    SELECT DISTINCT account, account AS other, 0 AS steps
    FROM edges
    UNION ALL
    SELECT account, unnest(others) AS other, steps
    FROM (
        SELECT reached.account, list(DISTINCT neighbours.other) AS others, max(reached.steps) + 1 AS steps
        FROM reached
        JOIN neighbours ON reached.other = neighbours.account
        WHERE reached.steps < 9
        GROUP BY reached.account
        HAVING count(DISTINCT neighbours.other) = count(DISTINCT neighbours.platform)
    ) AS step
),

people AS (
    SELECT account, min(other) AS creator_id, count(*) AS linked FROM reached WHERE steps = 9 GROUP BY account
),

reasons AS (
    SELECT
        edges.account,
        string_agg(DISTINCT concat(edges.reason, ' ', edges.other), '; ' ORDER BY concat(edges.reason, ' ', edges.other))
            AS creator_reason
    FROM edges
    JOIN people ON edges.account = people.account
    GROUP BY edges.account
)

SELECT accounts.platform, accounts.profile_id, people.creator_id, people.linked AS creator_accounts, reasons.creator_reason
FROM people
JOIN reasons ON people.account = reasons.account
JOIN accounts ON people.account = accounts.account;
