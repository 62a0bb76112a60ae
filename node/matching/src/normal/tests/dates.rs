use super::*;

#[test]
fn eras_and_western_dates_are_one() {
    for (written, expect) in [
        ("3170418", "19420418"),
        ("S17.4.18", "19420418"),
        ("昭和17年4月18日", "19420418"),
        ("１９４２年４月１８日", "19420418"),
        ("㍼17.4.18", "19420418"),
        ("1942/4/18", "19420418"),
        ("1942-04-18", "19420418"),
        ("19420418", "19420418"),
        ("194204180930", "19420418"),
        ("1942-04-18T09:30:00", "19420418"),
        ("H310430", "20190430"),
        ("令和元年5月1日", "20190501"),
        ("R7.3.1", "20250301"),
        ("4060315", "19940315"),
        ("明治45年7月29日", "19120729"),
        ("大正元年7月30日", "19120730"),
    ] {
        let read = date::parse(written);
        assert_eq!(read.birth, Birth::Full(Date::parse(expect).expect("a date")), "{written}");
        assert!(!read.era_overrun, "{written}");
    }
}
#[test]
fn eras_past_their_end_are_converted_and_flagged() {
    for (written, expect) in [
        ("昭和64年1月8日", "19890108"),
        ("平成31年6月1日", "20190601"),
        ("H35.1.5", "20230105"),
        ("S64.03.01", "19890301"),
    ] {
        let read = date::parse(written);
        assert_eq!((read.birth.full(), read.era_overrun), (Date::parse(expect), true), "{written}");
    }
}
#[test]
fn partial_dates_keep_what_they_know() {
    for (written, year, month) in [
        ("19420000", 1942, None),
        ("昭和17年", 1942, None),
        ("1942", 1942, None),
        ("19420400", 1942, Some(4)),
        ("50703", 2025, Some(3)),
        ("194204", 1942, Some(4)),
        ("1942-04-99", 1942, Some(4)),
    ] {
        assert_eq!(date::parse(written).birth, Birth::Partial { year, month }, "{written}");
    }
}
#[test]
fn impossible_ambiguous_and_absent_dates_are_unknown() {
    for written in
        ["1942-02-30", "420418", "00000000", "0000000", "", "99999999", "9999-12-31", "1942-13-01", "不明", "17.4.18"]
    {
        assert_eq!(date::parse(written).birth, Birth::Unknown, "{written}");
    }
}
#[test]
fn future_births_and_impossible_ages_are_unknown_today() {
    let today = Date::new(2026, 11, 22).expect("a date");
    assert_eq!(date::parse("20261123").birth.seen_on(today), Birth::Unknown);
    assert_eq!(date::parse("19000101").birth.seen_on(today), Birth::Unknown);
    assert_ne!(date::parse("20261122").birth.seen_on(today), Birth::Unknown);
}
#[test]
fn first_of_january_and_july_are_habit_days() {
    assert!(date::parse("1942-01-01").birth.is_habit_day() && date::parse("1942-07-01").birth.is_habit_day());
    assert!(!date::parse("1942-01-02").birth.is_habit_day());
}
#[test]
fn slips_of_typing_are_seen() {
    let agree = |a: &str, b: &str| date::agreement(date::parse(a).birth, date::parse(b).birth);
    assert_eq!(agree("1942-08-14", "1942-04-18"), DateAgreement::Slip);
    assert_eq!(agree("1942-04-18", "1942-04-13"), DateAgreement::Slip);
    assert_eq!(agree("1942-04-08", "1942-08-04"), DateAgreement::Slip);
    assert_eq!(agree("S17-04-18", "2005-04-18"), DateAgreement::Slip);
    assert_eq!(agree("1942-04-18", "1942-04-27"), DateAgreement::TwoParts);
    assert_eq!(agree("1942-04-18", "1950-09-27"), DateAgreement::Differ);
    assert_eq!(agree("1942-04-18", "19420000"), DateAgreement::Partial);
    assert_eq!(agree("1942-04-18", ""), DateAgreement::Unknown);
}
#[test]
fn sex_in_every_notation() {
    for written in ["1", "M", "男", "男性", "♂", "おとこ", "１"] {
        assert_eq!(sex::parse(written), Some(Sex::Male), "{written}");
    }
    for written in ["2", "F", "女", "女性", "♀"] {
        assert_eq!(sex::parse(written), Some(Sex::Female), "{written}");
    }
    for written in ["9", "0", "不明", "U", ""] {
        assert_eq!(sex::parse(written), None, "{written}");
    }
    assert_eq!((sex::parse("O"), sex::parse("other")), (Some(Sex::Other), Some(Sex::Other)));
}
