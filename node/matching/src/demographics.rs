use std::fmt;

/// What one facility wrote about one patient, as it wrote it; an empty text means "not given".
///
/// A name that came in one field goes whole into `family` (or `family_kana`). Dates may be ISO, compact, slashed or 和暦.
/// `Debug` prints no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Demographics {
    /// 姓 as written, usually kanji; or the whole name.
    pub family: String,
    /// 名 as written, usually kanji.
    pub given: String,
    /// 姓 in kana; or the whole name in kana.
    pub family_kana: String,
    /// 名 in kana.
    pub given_kana: String,
    /// Date of birth.
    pub birth: String,
    /// 性別: 1/2, M/F, 男/女.
    pub sex: String,
    /// 郵便番号.
    pub postcode: String,
    /// 住所, with or without prefecture and building.
    pub address: String,
    /// Telephone numbers, the patient's own first.
    pub phones: Vec<String>,
    /// 保険者番号.
    pub insurer: String,
    /// 被保険者証の記号.
    pub insured_symbol: String,
    /// 被保険者証の番号, perhaps with the branch in brackets.
    pub insured_number: String,
    /// 枝番.
    pub insured_branch: String,
    /// 介護保険の保険者番号.
    pub care_insurer: String,
    /// 介護保険の被保険者番号.
    pub care_number: String,
    /// Number of the network's own patient card, or its common ID (地域共通ID).
    pub card: String,
}

impl fmt::Debug for Demographics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Demographics(‹redacted›)")
    }
}
