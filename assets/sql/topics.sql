-- Sector and tone of accounts whose export has no such column, from the words of their biography and their hashtags.
--
-- Inputs: profiles, posts (both may come bucket by bucket), lexicon. The topic with the most distinct words is chosen;
-- a tie gives none. Words are compared without accents and case.

WITH silent AS (
    SELECT platform, profile_id, biography, sector IS NULL AS lacks_sector, tone IS NULL AS lacks_tone
    FROM profiles
    WHERE sector IS NULL OR tone IS NULL
),

texts AS (
    SELECT platform, profile_id, biography AS text FROM silent WHERE biography IS NOT NULL
    UNION ALL
    SELECT posts.platform, posts.profile_id, posts.hashtags AS text
    FROM posts
    JOIN silent ON posts.platform = silent.platform AND posts.profile_id = silent.profile_id
    WHERE posts.hashtags IS NOT NULL
),

words AS (
    SELECT DISTINCT
        platform,
        profile_id,
        unnest(string_split_regex(translate(lower(strip_accents(text)), 'łøđ', 'lod'), '[^\p{L}\p{N}]+')) AS word
    FROM texts
),

counted AS (
    SELECT words.platform, words.profile_id, lexicon.kind, lexicon.topic, count(*) AS words
    FROM words
    JOIN (SELECT DISTINCT kind, topic, word FROM lexicon) AS lexicon ON words.word = lexicon.word
    GROUP BY words.platform, words.profile_id, lexicon.kind, lexicon.topic
),

led AS (
    SELECT platform, profile_id, kind, arg_max(topic, words) AS topic
    FROM (SELECT counted.*, max(words) OVER (PARTITION BY platform, profile_id, kind) AS most FROM counted) AS compared
    WHERE words = most
    GROUP BY platform, profile_id, kind
    HAVING count(*) = 1
)

SELECT
    silent.platform,
    silent.profile_id,
    max(CASE WHEN led.kind = 'sector' AND silent.lacks_sector THEN led.topic END) AS sector,
    max(CASE WHEN led.kind = 'tone' AND silent.lacks_tone THEN led.topic END) AS tone
FROM led
JOIN silent ON led.platform = silent.platform AND led.profile_id = silent.profile_id
GROUP BY silent.platform, silent.profile_id
HAVING sector IS NOT NULL OR tone IS NOT NULL;
