//! Invented places and numbers: towns that no map has, postcodes of `000`, telephones that cannot be dialled, insurers of
//! the prefecture `00`.
use super::stream::Stream;

/// Where somebody lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Seven digits beginning with `000`.
    pub(crate) postcode: String,
    pub(crate) prefecture: &'static str,
    pub(crate) city: &'static str,
    pub(crate) town: &'static str,
    /// 丁目, 番, 号.
    pub(crate) block: [u32; 3],
    /// Building and room.
    pub(crate) building: Option<(&'static str, u32)>,
}

/// How a facility writes addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressForm {
    /// `１−２−３` in full width, with the prefecture.
    FullWidth,
    /// `1-2-3` without the prefecture.
    Short,
    /// `１丁目２番３号` in full, building included.
    Long,
    /// `1-2-3`, with prefecture, never a building.
    Plain,
}

impl Address {
    /// Some address in the area of a network.
    pub(crate) fn draw(network: &str, stream: &mut Stream) -> Self {
        let area = &AREAS[network.bytes().fold(0usize, |sum, b| sum * 31 % 9973 + usize::from(b)) % AREAS.len()];
        let city = stream.below(area.1.len() as u32);
        let town = stream.below(TOWNS.len() as u32);
        let building = stream.permille(300).then(|| *stream.pick(BUILDINGS));
        Self {
            postcode: format!("000{:04}", (city * 40 + town) % 10_000),
            prefecture: area.0,
            city: area.1[city as usize],
            town: TOWNS[town as usize],
            block: [stream.between(1, 6), stream.between(1, 28), stream.between(1, 22)],
            building: building.map(|name| (name, stream.between(1, 5) * 100 + stream.between(1, 12))),
        }
    }
    /// The address as one text.
    pub(crate) fn text(&self, form: AddressForm) -> String {
        let [chome, block, number] = self.block;
        let place = format!("{}{}", self.city, self.town);
        let room = self.building.map(|(name, room)| format!("　{name}{room}")).unwrap_or_default();
        let prefecture = self.prefecture;
        match form {
            AddressForm::FullWidth => full_width(&format!("{prefecture}{place}{chome}−{block}−{number}{room}")),
            AddressForm::Short => format!("{place}{chome}-{block}-{number}{room}"),
            AddressForm::Long => {
                let room = if room.is_empty() { room } else { format!("{room}号室") };
                full_width(&format!("{prefecture}{place}{chome}丁目{block}番{number}号{room}"))
            }
            AddressForm::Plain => format!("{prefecture}{place}{chome}-{block}-{number}"),
        }
    }
}

/// Digits in full width.
fn full_width(text: &str) -> String {
    let wide = |c: char| char::from_u32(c as u32 - 0x30 + 0xff10).unwrap_or(c);
    text.chars().map(|c| if c.is_ascii_digit() { wide(c) } else { c }).collect()
}

/// Ten digits of a household's line: area of three, then `0`.
pub(crate) fn landline(stream: &mut Stream) -> String {
    format!("0{}0{}", stream.between(20, 98), stream.digits(6))
}
/// Eleven digits of somebody's own: `090`, then `0`.
pub(crate) fn mobile(stream: &mut Stream) -> String {
    format!("0{}00{}", stream.between(7, 9), stream.digits(7))
}
/// A telephone number with hyphens.
pub(crate) fn hyphened(number: &str) -> String {
    let middle = if number.len() == 11 { 7 } else { 6 };
    format!("{}-{}-{}", &number[..3], &number[3..middle], &number[middle..])
}

/// What somebody is insured by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Insurance {
    pub(crate) scheme: Scheme,
    /// 保険者番号 with its check digit.
    pub(crate) insurer: String,
    /// 記号.
    pub(crate) symbol: String,
    /// 番号.
    pub(crate) number: String,
    /// 枝番.
    pub(crate) branch: String,
}

/// The kinds of public insurance that occur here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// 国民健康保険
    National,
    /// 健康保険組合
    Society,
    /// 後期高齢者医療
    Late,
}

impl Scheme {
    /// Code and name of table JHSD0001.
    pub(crate) fn plan(self) -> &'static str {
        match self {
            Self::National => "C0^国民健康保険^JHSD0001",
            Self::Society => "06^組合^JHSD0001",
            Self::Late => "39^後期高齢者^JHSD0001",
        }
    }
}

impl Insurance {
    /// What a household is insured by; its members differ in the branch.
    pub(crate) fn family(stream: &mut Stream) -> Self {
        let (scheme, body) = if stream.permille(400) {
            (Scheme::National, format!("00{:03}", 100 + stream.below(40)))
        } else {
            (Scheme::Society, format!("0600{:03}", stream.below(200)))
        };
        let number = stream.digits(if scheme == Scheme::National { 7 } else { 5 });
        let symbol = if scheme == Scheme::National { String::new() } else { stream.between(10, 9999).to_string() };
        Self { scheme, insurer: with_check(&body), symbol, number, branch: "00".into() }
    }
    /// What a person of 75 and more is insured by: alone, without a symbol.
    pub(crate) fn late(stream: &mut Stream) -> Self {
        let insurer = with_check(&format!("3900{:03}", stream.between(1, 30)));
        Self { scheme: Scheme::Late, insurer, symbol: String::new(), number: stream.digits(8), branch: String::new() }
    }
    /// The same insurance with another branch.
    pub(crate) fn branch(&self, branch: usize) -> Self {
        Self { branch: format!("{branch:02}"), ..self.clone() }
    }
}

/// Appends the check digit of insurers' numbers: weights 2, 1, 2 … from the right, digits of products added, modulus 10.
fn with_check(body: &str) -> String {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let value = u32::from(byte - b'0') * if at % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// Prefecture and its cities, none of which exists.
const AREAS: &[(&str, &[&str])] = &[
    ("潮見県", &["白波市", "椿ヶ浜市", "鷗崎市", "磯明町", "帆立町"]),
    ("若杜県", &["杜都市", "萩ノ宮市", "鈴川市", "七ツ森町", "星見町"]),
    ("朝霧県", &["霧野市", "水鏡市", "山吹市", "花筏町", "月待町"]),
];
const TOWNS: &[&str] = &[
    "本町",
    "港町",
    "旭町",
    "緑町",
    "幸町",
    "桜ヶ丘",
    "松原",
    "大字上野原",
    "大字中沢",
    "字下浜",
    "川端",
    "駅前",
    "元町",
    "曙",
    "日の出",
    "宮前",
    "寺内",
    "三ツ谷",
    "一本松",
    "花園",
    "高台",
    "新田",
    "泉",
    "千歳",
];
const BUILDINGS: &[&str] =
    &["コーポ若葉", "ハイツ海風", "メゾン杜", "県営住宅", "サンライズ緑", "第二幸荘", "グリーンハイム"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insurers_carry_the_published_check_digit() {
        for (body, whole) in [("13801", "138016"), ("0113001", "01130012"), ("3912001", "39120019")] {
            assert_eq!(with_check(body), whole);
        }
    }
    #[test]
    fn phones_of_both_lengths_get_their_hyphens() {
        assert_eq!(hyphened("0920123456"), "092-012-3456");
        assert_eq!(hyphened("09001234567"), "090-0123-4567");
    }
}
