//! Names: everyday family and given names with their readings, old character forms, and names of one sound.
//!
//! Short lists written for this purpose; weights and fashions are rough. A name and birth date can equal a living person's only
//! by chance.
use super::people::Sex;
use super::stream::Stream;

/// A written name and its reading in full-width katakana.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) kanji: String,
    pub(crate) kana: String,
}

impl Name {
    fn of((kanji, kana): (&str, &str)) -> Self {
        Self { kanji: kanji.to_owned(), kana: kana.to_owned() }
    }
}

/// A family name; one in six in an old form of the family register where it has one.
pub(crate) fn family(stream: &mut Stream) -> Name {
    let (kanji, kana, _) = *stream.weighted(FAMILY, |(_, _, weight)| *weight);
    let mut name = Name::of((kanji, kana));
    if stream.permille(170) {
        name.kanji = with_variants(&name.kanji, stream);
    }
    name
}
/// A given name as parents chose it in `year`.
pub(crate) fn given(sex: Sex, year: u16, stream: &mut Stream) -> Name {
    let (kanji, kana, ..) = *stream.weighted(list(sex), |(_, _, from, to)| {
        let distance = from.saturating_sub(year).max(year.saturating_sub(*to));
        u32::from(60u16.saturating_sub(distance.saturating_mul(6))).max(1)
    });
    Name::of((kanji, kana))
}
/// A name for the second of twins: the same first character where there is a pair for it, else another of the list.
pub(crate) fn twin(first: &Name, sex: Sex, year: u16, stream: &mut Stream) -> Name {
    let pairs = match sex {
        Sex::Male => &[("健", "ケン"), ("浩", "コウ"), ("雄", "ユウ"), ("圭", "ケイ")],
        Sex::Female => &[("美", "ミ"), ("麻", "マ"), ("佳", "カ"), ("千", "チ")],
    };
    let (tail, sound) = if sex == Sex::Male { ("次", "ジ") } else { ("帆", "ホ") };
    let found = pairs.iter().find(|(kanji, _)| first.kanji.starts_with(kanji) && !first.kanji.ends_with(tail));
    if let Some((kanji, kana)) = found {
        return Name { kanji: format!("{kanji}{tail}"), kana: format!("{kana}{sound}") };
    }
    (0..8).map(|_| given(sex, year, stream)).find(|name| name.kana != first.kana).unwrap_or_else(|| match sex {
        Sex::Male => Name::of(("次郎", "ジロウ")),
        Sex::Female => Name::of(("双葉", "フタバ")),
    })
}
/// Another way to write a given name of this sound, if the list has one.
pub(crate) fn same_sound(name: &Name, sex: Sex, stream: &mut Stream) -> Option<Name> {
    let others: Vec<_> =
        list(sex).iter().filter(|(kanji, kana, ..)| *kana == name.kana && *kanji != name.kanji).collect();
    (!others.is_empty()).then(|| others[stream.below(others.len() as u32) as usize]).map(|(k, r, ..)| Name::of((k, r)))
}
/// The text with every character that has old forms (異体字) in one of them.
pub(crate) fn with_variants(text: &str, stream: &mut Stream) -> String {
    let old = |c| VARIANTS.iter().find(|(everyday, _)| *everyday == c);
    text.chars()
        .map(|c| {
            old(c).map_or(c, |(_, forms)| {
                forms.chars().nth(stream.below(forms.chars().count() as u32) as usize).unwrap_or(c)
            })
        })
        .collect()
}
/// The everyday form of one character.
pub(crate) fn everyday(c: char) -> char {
    VARIANTS.iter().find(|(_, forms)| forms.contains(c)).map_or(c, |(everyday, _)| *everyday)
}
/// Katakana as hiragana.
pub(crate) fn hiragana(text: &str) -> String {
    let lower = |c: char| char::from_u32(c as u32 - 0x60).unwrap_or(c);
    text.chars().map(|c| if ('ァ'..='ヴ').contains(&c) { lower(c) } else { c }).collect()
}
/// Katakana without small letters, as older systems hold them (ショウ as シヨウ).
pub(crate) fn without_small(text: &str) -> String {
    const SMALL: &str = "ァィゥェォャュョッ";
    const LARGE: &str = "アイウエオヤユヨツ";
    let large = |c| SMALL.chars().position(|s| s == c).and_then(|at| LARGE.chars().nth(at));
    text.chars().map(|c| large(c).unwrap_or(c)).collect()
}

fn list(sex: Sex) -> &'static [(&'static str, &'static str, u16, u16)] {
    match sex {
        Sex::Male => MALE,
        Sex::Female => FEMALE,
    }
}

/// Everyday form and its old forms, some of them outside JIS X 0208.
#[rustfmt::skip]
const VARIANTS: &[(char, &str)] = &[
    ('斎', "齋"), ('斉', "齊"), ('辺', "邊邉"), ('高', "髙"), ('崎', "﨑"), ('浜', "濱"), ('沢', "澤"), ('広', "廣"), ('国', "國"),
    ('島', "嶋"), ('富', "冨"), ('桜', "櫻"), ('竜', "龍"), ('滝', "瀧"), ('関', "關"), ('恵', "惠"), ('真', "眞"), ('条', "條"),
    ('渕', "淵"), ('実', "實"), ('静', "靜"), ('栄', "榮"), ('礼', "禮"), ('弥', "彌"), ('豊', "豐"), ('徳', "德"), ('塚', "\u{fa10}"),
];

/// Kanji, kana, weight.
#[rustfmt::skip]
const FAMILY: &[(&str, &str, u32)] = &[
    ("佐藤", "サトウ", 90), ("鈴木", "スズキ", 70), ("高橋", "タカハシ", 68), ("佐々木", "ササキ", 66), ("千葉", "チバ", 48),
    ("菅原", "スガワラ", 46), ("及川", "オイカワ", 36), ("熊谷", "クマガイ", 32), ("阿部", "アベ", 44), ("渡辺", "ワタナベ", 42),
    ("斎藤", "サイトウ", 36), ("斉藤", "サイトウ", 14), ("遠藤", "エンドウ", 28), ("三浦", "ミウラ", 30), ("村上", "ムラカミ", 28),
    ("菊池", "キクチ", 28), ("菊地", "キクチ", 16), ("小野寺", "オノデラ", 30), ("畠山", "ハタケヤマ", 18), ("紺野", "コンノ", 14),
    ("今野", "コンノ", 18), ("新沼", "ニイヌマ", 12), ("大和田", "オオワダ", 9), ("志田", "シダ", 9), ("尾形", "オガタ", 9),
    ("尾崎", "オザキ", 8), ("山崎", "ヤマザキ", 16), ("岩崎", "イワサキ", 8), ("吉田", "ヨシダ", 24), ("伊藤", "イトウ", 34),
    ("加藤", "カトウ", 24), ("小林", "コバヤシ", 18), ("田中", "タナカ", 14), ("中村", "ナカムラ", 16), ("山口", "ヤマグチ", 8),
    ("木村", "キムラ", 14), ("松本", "マツモト", 8), ("清水", "シミズ", 6), ("広瀬", "ヒロセ", 6), ("浜田", "ハマダ", 8),
    ("沢田", "サワダ", 8), ("小沢", "オザワ", 8), ("島田", "シマダ", 7), ("中島", "ナカジマ", 8), ("富田", "トミタ", 6),
    ("桜井", "サクライ", 7), ("滝沢", "タキザワ", 5), ("関口", "セキグチ", 6), ("渡部", "ワタナベ", 6), ("渡部", "ワタベ", 4),
    ("田辺", "タナベ", 5), ("川崎", "カワサキ", 5), ("長谷川", "ハセガワ", 8), ("五十嵐", "イガラシ", 7), ("渕上", "フチガミ", 3),
    ("大塚", "オオツカ", 6), ("手塚", "テヅカ", 3), ("豊田", "トヨダ", 4), ("国分", "コクブン", 4), ("菅野", "カンノ", 16),
    ("菅野", "スガノ", 4), ("武田", "タケダ", 8), ("工藤", "クドウ", 12), ("早坂", "ハヤサカ", 8), ("庄司", "ショウジ", 9),
    ("庄子", "ショウジ", 8), ("大友", "オオトモ", 8), ("我妻", "アガツマ", 4), ("相沢", "アイザワ", 7), ("森", "モリ", 8),
    ("林", "ハヤシ", 8), ("岡本", "オカモト", 5), ("藤原", "フジワラ", 12), ("橋本", "ハシモト", 8), ("石川", "イシカワ", 9),
];

/// Kanji, kana, first and last year of fashion.
#[rustfmt::skip]
const MALE: &[(&str, &str, u16, u16)] = &[
    ("清", "キヨシ", 1920, 1948), ("茂", "シゲル", 1920, 1950), ("正", "タダシ", 1920, 1950), ("勇", "イサム", 1920, 1950),
    ("実", "ミノル", 1922, 1955), ("正雄", "マサオ", 1920, 1950), ("進", "ススム", 1925, 1958), ("勝", "マサル", 1928, 1958),
    ("博", "ヒロシ", 1930, 1966), ("弘", "ヒロシ", 1928, 1958), ("宏", "ヒロシ", 1932, 1970), ("豊", "ユタカ", 1932, 1968),
    ("昭", "アキラ", 1927, 1955), ("明", "アキラ", 1935, 1975), ("修", "オサム", 1935, 1972), ("隆", "タカシ", 1938, 1976),
    ("孝", "タカシ", 1940, 1972), ("誠", "マコト", 1942, 1988), ("和夫", "カズオ", 1932, 1962), ("一男", "カズオ", 1930, 1958),
    ("幸雄", "ユキオ", 1932, 1962), ("健一", "ケンイチ", 1948, 1988), ("浩二", "コウジ", 1955, 1980), ("浩一", "コウイチ", 1952, 1982),
    ("哲也", "テツヤ", 1958, 1988), ("直樹", "ナオキ", 1960, 1994), ("聡", "サトシ", 1960, 1990), ("剛", "ツヨシ", 1964, 1988),
    ("大輔", "ダイスケ", 1970, 1998), ("健太", "ケンタ", 1980, 2008), ("雄一", "ユウイチ", 1965, 1992), ("雄太", "ユウタ", 1980, 2008),
    ("裕太", "ユウタ", 1982, 2008), ("拓也", "タクヤ", 1980, 2004), ("翔太", "ショウタ", 1984, 2010), ("圭介", "ケイスケ", 1978, 2006),
    ("大輝", "ダイキ", 1990, 2014), ("海斗", "カイト", 1996, 2018), ("蓮", "レン", 2000, 2026), ("陽翔", "ハルト", 2004, 2026),
    ("悠真", "ユウマ", 2004, 2026), ("湊", "ミナト", 2010, 2026), ("樹", "イツキ", 2004, 2026), ("徳治", "トクジ", 1920, 1950),
];
/// As [`MALE`].
#[rustfmt::skip]
const FEMALE: &[(&str, &str, u16, u16)] = &[
    ("キヨ", "キヨ", 1920, 1935), ("ハル", "ハル", 1920, 1935), ("トミ", "トミ", 1920, 1938), ("文子", "フミコ", 1924, 1956),
    ("和子", "カズコ", 1928, 1962), ("幸子", "サチコ", 1930, 1964), ("節子", "セツコ", 1928, 1956), ("静子", "シズコ", 1920, 1948),
    ("栄子", "エイコ", 1932, 1964), ("礼子", "レイコ", 1942, 1972), ("恵子", "ケイコ", 1940, 1974), ("啓子", "ケイコ", 1942, 1970),
    ("京子", "キョウコ", 1940, 1968), ("洋子", "ヨウコ", 1936, 1970), ("陽子", "ヨウコ", 1950, 1986), ("順子", "ジュンコ", 1942, 1972),
    ("純子", "ジュンコ", 1950, 1984), ("弘子", "ヒロコ", 1936, 1964), ("裕子", "ヒロコ", 1952, 1980), ("裕子", "ユウコ", 1952, 1988),
    ("優子", "ユウコ", 1960, 1992), ("久美子", "クミコ", 1950, 1980), ("由美子", "ユミコ", 1952, 1982), ("明美", "アケミ", 1954, 1978),
    ("真由美", "マユミ", 1957, 1984), ("直美", "ナオミ", 1957, 1988), ("智子", "トモコ", 1957, 1990), ("真理子", "マリコ", 1950, 1984),
    ("美香", "ミカ", 1964, 1992), ("美穂", "ミホ", 1966, 1994), ("香織", "カオリ", 1968, 1994), ("恵", "メグミ", 1964, 1996),
    ("愛", "アイ", 1978, 2008), ("彩", "アヤ", 1978, 2008), ("麻衣", "マイ", 1980, 2004), ("美咲", "ミサキ", 1988, 2016),
    ("葵", "アオイ", 1996, 2026), ("陽菜", "ヒナ", 2000, 2026), ("結衣", "ユイ", 1998, 2026), ("凛", "リン", 2004, 2026),
    ("莉子", "リコ", 2002, 2026), ("千尋", "チヒロ", 1984, 2012), ("桜", "サクラ", 2000, 2024), ("佳奈", "カナ", 1984, 2010),
];
