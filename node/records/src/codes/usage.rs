//! JAMI 標準用法コード in words: sixteen characters that say how, when and how often a drug is taken.

/// The words of a usage code, or none if it is not one. Positions beyond the published ones are left out.
///
/// Source: JAMI 内服及び外用薬剤処方における標準用法用語集, positions as in the reference, chapter 9.6.
pub fn usage_words(code: &str) -> Option<String> {
    let c = code.as_bytes();
    if c.len() != 16 || !c.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let basic = BASICS.iter().find(|(at, _)| *at == c[0])?.1;
    let detail = DETAILS.iter().find(|(at, _)| code.starts_with(at)).map(|(_, words)| *words);
    let mut words = vec![detail.map_or(basic.to_owned(), |detail| format!("{basic}・{detail}"))];
    match c[2] {
        b'1' => words.extend([times(c[3]), Some(meals(c))].into_iter().flatten().filter(|part| !part.is_empty())),
        b'2' => words.extend(interval(c[3])),
        b'4' => words.extend([condition(&code[4..6]).map(str::to_owned), times(c[3])].into_iter().flatten()),
        b'5' => words.extend(when_needed(code)),
        b'6' => words.extend([times(c[3]), Some(clock(c))].into_iter().flatten().filter(|part| !part.is_empty())),
        b'7' => words.extend(times(c[3])),
        _ => {}
    }
    Some(words.join(" "))
}

/// The words of an eight-character supplement (不均等, weekdays, every other day), or none if it is none.
pub fn usage_supplement(code: &str) -> Option<String> {
    let c = code.as_bytes();
    if c.len() != 8 || !c.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    match c {
        [b'V', nth @ b'1'..=b'9', dose, ..] if dose.is_ascii_digit() => {
            let more: String = code[3..].chars().take_while(|c| *c != 'N').collect();
            Some(format!("{}回目 {}{more}", *nth as char, *dose as char))
        }
        [b'W', flags @ ..] if flags.iter().all(|b| matches!(b, b'0' | b'1')) => {
            let days = "日月火水木金土".chars().zip(flags).filter(|(_, flag)| **flag == b'1');
            let days: Vec<String> = days.map(|(day, _)| day.to_string()).collect();
            (!days.is_empty()).then(|| format!("{}曜日", days.join("・")))
        }
        [b'I', n, ..] => digit(*n).filter(|n| *n > 0).map(|n| format!("{n}日おき")),
        [b'C', b'W', n, ..] => digit(*n).filter(|n| *n > 0).map(|n| format!("週{n}回")),
        [b'D', b'0', days @ ..] => {
            let days: Vec<String> =
                days.iter().filter_map(|b| digit(*b)).filter(|n| *n > 0).map(|n| format!("{n}日")).collect();
            (!days.is_empty()).then(|| days.join("・"))
        }
        _ => None,
    }
}

/// 1-9, then A = 10, B = 11 and so on.
pub(super) fn digit(b: u8) -> Option<u32> {
    (b as char).to_digit(36)
}

fn times(b: u8) -> Option<String> {
    digit(b).filter(|n| *n > 0).map(|n| format!("１日{n}回"))
}

fn interval(b: u8) -> Option<String> {
    let per_day = digit(b).filter(|n| (1..=24).contains(n))?;
    if 24 % per_day == 0 { Some(format!("{}時間毎", 24 / per_day)) } else { times(b) }
}

/// 朝昼夕食後: meals with the same timing are told together, in the order of the day.
fn meals(c: &[u8]) -> String {
    let mut parts: Vec<(String, &str)> = Vec::new();
    if c[8] == b'9' {
        parts.push(("起床時".into(), ""));
    }
    for (at, name) in [(7, "朝"), (6, "昼"), (5, "夕")] {
        let Some(timing) = MEALS.iter().find(|(code, _)| *code == c[at]).map(|(_, words)| *words) else { continue };
        match parts.last_mut().filter(|(_, last)| *last == timing && !timing.is_empty()) {
            Some((names, _)) => names.push_str(name),
            None => parts.push((name.into(), timing)),
        }
    }
    match c[4] {
        b'1' => parts.push(("就寝前".into(), "")),
        b'9' => parts.push(("就寝時".into(), "")),
        _ => {}
    }
    let mut words: Vec<String> = parts.into_iter().map(|(names, timing)| format!("{names}{timing}")).collect();
    words.extend(hour(c[9]));
    words.join("・")
}

fn clock(c: &[u8]) -> String {
    let mut words: Vec<String> = meals(c).split('・').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    words.dedup();
    words.join("・")
}

/// A = 0時, B = 1時 … P = 15時 … X = 23時.
fn hour(b: u8) -> Option<String> {
    hour_of(b).map(|hour| format!("{hour}時"))
}
pub(super) fn hour_of(b: u8) -> Option<u8> {
    b.is_ascii_uppercase().then(|| b - b'A').filter(|hour| *hour < 24)
}

fn when_needed(code: &str) -> Vec<String> {
    let c = code.as_bytes();
    let mut words: Vec<String> = condition(&code[4..6]).map(str::to_owned).into_iter().collect();
    if let Some(gap) = super::dosage::gap_hours(c[6], c[7]) {
        words.push(format!("{gap}時間以上あけて"));
    }
    if let Some(most) = digit(c[8]).filter(|n| *n > 0) {
        words.push(format!("１日{most}回まで"));
    }
    words
}

fn condition(code: &str) -> Option<&'static str> {
    CONDITIONS.iter().find(|(at, _)| *at == code).map(|(_, words)| *words)
}

pub(super) const BASICS: &[(u8, &str)] = &[(b'1', "内服"), (b'2', "外用"), (b'3', "注射"), (b'4', "注入")];
#[rustfmt::skip]
pub(super) const DETAILS: &[(&str, &str)] = &[
    ("10", "経口"), ("11", "舌下"), ("12", "バッカル"), ("13", "口腔内塗布"), ("2A", "貼付"), ("2B", "塗布"), ("2C", "湿布"), ("2D", "撒布"),
    ("2E", "噴霧"), ("2F", "消毒"), ("2G", "点耳"), ("2H", "点眼"), ("2J", "点鼻"), ("2K", "うがい"), ("2L", "吸入"), ("2M", "トローチ"),
    ("2N", "膀胱洗浄"), ("2P", "鼻腔内洗浄"), ("2Q", "浣腸"), ("2R", "肛門挿入"), ("2S", "肛門注入"), ("2T", "膣内挿入"), ("2U", "膀胱注入"),
    ("30", "静注"), ("31", "中心静脈"), ("32", "皮下"), ("33", "筋注"), ("34", "皮内"), ("35", "動注"), ("3A", "硬膜外"), ("3Z", "局所"),
    ("40", "腹膜透析"), ("4Z", "病巣内"),
];
pub(super) const MEALS: &[(u8, &str)] =
    &[(b'1', "食前"), (b'2', "食直前"), (b'3', "食直後"), (b'4', "食後"), (b'5', "食後２時間"), (b'9', "")];
#[rustfmt::skip]
pub(super) const CONDITIONS: &[(&str, &str)] = &[
    ("11", "疼痛時"), ("12", "頭痛時"), ("13", "歯痛時"), ("14", "胸痛時"), ("15", "腹痛時"), ("16", "腰痛時"), ("17", "関節痛時"),
    ("21", "喘鳴時"), ("22", "喘息発作時"), ("24", "咳込時"), ("31", "血圧上昇時"), ("32", "血糖上昇時"), ("41", "便秘時"), ("43", "下痢時"),
    ("45", "嘔吐時"), ("47", "吐き気時"), ("48", "空腹時"), ("49", "出血時"), ("61", "不眠時"), ("62", "不安時"), ("63", "不穏時"),
    ("65", "けいれん時"), ("66", "めまい時"), ("71", "発熱時"), ("72", "悪寒時"), ("81", "かゆい時"), ("82", "発疹時"), ("91", "発作時"),
    ("92", "症状がある時"), ("B1", "起床時"), ("B7", "哺乳時"), ("W1", "必要時"), ("W2", "適宜"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(code: &str, expect: &str) {
        assert_eq!(usage_words(code).as_deref(), Some(expect), "words of {code}");
    }
    #[track_caller]
    fn check_supplement(code: &str, expect: &str) {
        assert_eq!(usage_supplement(code).as_deref(), Some(expect), "words of {code}");
    }

    #[test]
    fn usages_are_told_in_the_words_of_the_field() {
        check("1013044400000000", "内服・経口 １日3回 朝昼夕食後");
        check("1012040400000000", "内服・経口 １日2回 朝夕食後");
        check("1011000400000000", "内服・経口 １日1回 朝食後");
        check("1011100000000000", "内服・経口 １日1回 就寝前");
        check("1022000000000000", "内服・経口 12時間毎");
        check("1050110020000000", "内服・経口 疼痛時 １日2回まで");
        check("2B74000000000000", "外用・塗布 １日4回");
        check("2R62090900000000", "外用・肛門挿入 １日2回 朝・夕");
    }
    #[test]
    fn supplements_are_told_too() {
        check_supplement("V14NNNNN", "1回目 4");
        check_supplement("W0100100", "月・木曜日");
        check_supplement("I1100000", "1日おき");
        check_supplement("D0AK0000", "10日・20日");
        check_supplement("CW200000", "週2回");
        assert_eq!(usage_supplement("PRNpain"), None);
        assert_eq!(usage_words("PRNpain"), None);
    }
    proptest! {
        #[test]
        fn any_code_is_told_or_not(code in "[0-9A-Z]{16}", short in "[0-9A-Z]{8}", text in ".{0,20}") {
            let _ = (usage_words(&code), usage_supplement(&short), usage_words(&text), usage_supplement(&text));
        }
    }
}
