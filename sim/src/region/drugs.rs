//! Drugs by generic name, with codes of the right shape (HOT9, YJ) and usages in JAMI 標準用法 codes.
//!
//! The codes' shapes and classes are those of the masters; a code may differ from the master's for the very product.

/// One product.
#[derive(Debug)]
pub(crate) struct Drug {
    pub(crate) hot9: &'static str,
    pub(crate) yj: &'static str,
    pub(crate) name: &'static str,
    /// Unit as `code^text` of MR9P.
    pub(crate) unit: &'static str,
    /// Form as `code^text` of MR9P.
    pub(crate) form: &'static str,
}

/// How a drug is taken.
#[derive(Debug)]
pub(crate) struct Usage {
    /// JAMI 16 characters.
    pub(crate) code: &'static str,
    pub(crate) text: &'static str,
    /// Eight-character supplements, as further repetitions.
    pub(crate) supplement: &'static str,
    /// Intakes a day; of as-needed drugs the doses given.
    pub(crate) times: u32,
    pub(crate) way: Way,
}

/// Internal, as needed, external: JHSP0003, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// 内服
    Internal,
    /// 頓用
    AsNeeded,
    /// 外用
    External,
}

impl Way {
    /// Code and text of JHSP0003.
    pub(crate) fn instruction(self) -> &'static str {
        match self {
            Self::Internal => "21^内服^JHSP0003",
            Self::AsNeeded => "22^頓用^JHSP0003",
            Self::External => "23^外用^JHSP0003",
        }
    }
}

/// A drug as it is prescribed for an illness.
#[derive(Debug)]
pub(crate) struct Dose {
    pub(crate) drug: &'static Drug,
    pub(crate) usage: &'static Usage,
    /// Units a time.
    pub(crate) amount: u32,
}

macro_rules! drugs {
    ($($id:ident = $hot9:literal, $yj:literal, $name:literal, $unit:literal, $form:literal;)*) => {
        $(pub(crate) static $id: Drug = Drug { hot9: $hot9, yj: $yj, name: $name, unit: $unit, form: $form };)*
        /// Every product.
        #[cfg(test)]
        pub(crate) static ALL: &[&Drug] = &[$(&$id,)*];
    };
}

drugs! {
    AMLODIPINE = "117338702", "2171022F2010", "アムロジピン錠５ｍｇ", "TAB^錠", "TAB^錠剤";
    AZILSARTAN = "121732501", "2149048F2022", "アジルサルタン錠２０ｍｇ", "TAB^錠", "TAB^錠剤";
    METFORMIN = "119828403", "3962002F2078", "メトホルミン塩酸塩錠２５０ｍｇ", "TAB^錠", "TAB^錠剤";
    SITAGLIPTIN = "119467501", "3969010F2030", "シタグリプチン錠５０ｍｇ", "TAB^錠", "TAB^錠剤";
    EMPAGLIFLOZIN = "123712502", "3969023F1024", "エンパグリフロジン錠１０ｍｇ", "TAB^錠", "TAB^錠剤";
    ROSUVASTATIN = "116245801", "2189017F1022", "ロスバスタチン錠２．５ｍｇ", "TAB^錠", "TAB^錠剤";
    FUROSEMIDE = "101871904", "2139005F1052", "フロセミド錠２０ｍｇ", "TAB^錠", "TAB^錠剤";
    BISOPROLOL = "117712903", "2123016F1030", "ビソプロロールフマル酸塩錠２．５ｍｇ", "TAB^錠", "TAB^錠剤";
    ALENDRONATE = "117420902", "3999018F2037", "アレンドロン酸錠３５ｍｇ", "TAB^錠", "TAB^錠剤";
    ELDECALCITOL = "120812401", "3112006M2029", "エルデカルシトールカプセル０．７５μｇ", "CAP^カプセル", "CAP^カプセル";
    APIXABAN = "122441301", "3339004F2021", "アピキサバン錠５ｍｇ", "TAB^錠", "TAB^錠剤";
    WARFARIN = "102317803", "3332001F1024", "ワルファリンカリウム錠１ｍｇ", "TAB^錠", "TAB^錠剤";
    LEVOTHYROXINE = "101445502", "2431004F1030", "レボチロキシンナトリウム錠５０μｇ", "TAB^錠", "TAB^錠剤";
    LANSOPRAZOLE = "116512702", "2329023F1020", "ランソプラゾールＯＤ錠１５ｍｇ", "TAB^錠", "TAB^錠剤";
    DONEPEZIL = "120145302", "1190012F3027", "ドネペジル塩酸塩錠５ｍｇ", "TAB^錠", "TAB^錠剤";
    FEBUXOSTAT = "121019801", "3949003F2029", "フェブキソスタット錠２０ｍｇ", "TAB^錠", "TAB^錠剤";
    LOXOPROFEN = "103154204", "1149019F1560", "ロキソプロフェンナトリウム錠６０ｍｇ", "TAB^錠", "TAB^錠剤";
    LOXOPROFEN_TAPE = "118734101", "2649735S2024", "ロキソプロフェンナトリウムテープ１００ｍｇ", "SHT^枚", "TPE^貼付剤";
    IRON = "102215601", "3222013F1068", "クエン酸第一鉄ナトリウム錠５０ｍｇ", "TAB^錠", "TAB^錠剤";
    ACETAMINOPHEN = "111243803", "1141007F3024", "アセトアミノフェン錠５００ｍｇ", "TAB^錠", "TAB^錠剤";
    CARBOCISTEINE = "103835403", "2233002F2030", "カルボシステイン錠５００ｍｇ", "TAB^錠", "TAB^錠剤";
    SERTRALINE = "117601502", "1179046F1024", "セルトラリン錠２５ｍｇ", "TAB^錠", "TAB^錠剤";
    INHALER = "119623401", "2290801G1021", "ブデソニド・ホルモテロール吸入剤６０吸入", "KIT^キット", "KIT^キット";
    EYE_DROPS = "108532102", "1319758Q1020", "ヒアルロン酸ナトリウム点眼液０．１％", "BTL^瓶", "LQD^液剤";
    MAINTENANCE_FLUID = "107750602", "3319534A3022", "維持輸液（Ｔ３号）５００ｍＬ", "BAG^袋", "INJ^注射剤";
    SALINE = "107714801", "3311401A5020", "生理食塩液１００ｍＬ", "BTL^瓶", "INJ^注射剤";
    CEFTRIAXONE = "106412902", "6132419F2025", "セフトリアキソンナトリウム静注用１ｇ", "VIL^バイアル", "INJ^注射剤";
    FUROSEMIDE_IV = "101873301", "2139401A2028", "フロセミド注２０ｍｇ", "AMP^アンプル", "INJ^注射剤";
}

macro_rules! usages {
    ($($id:ident = $code:literal, $text:literal, $supplement:literal, $times:literal, $way:ident;)*) => {
        $(pub(crate) static $id: Usage =
            Usage { code: $code, text: $text, supplement: $supplement, times: $times, way: Way::$way };)*
    };
}

usages! {
    MORNING = "1011000400000000", "内服・経口・１日１回朝食後", "", 1, Internal;
    MORNING_EVENING = "1012040400000000", "内服・経口・１日２回朝夕食後", "", 2, Internal;
    THREE_TIMES = "1013044400000000", "内服・経口・１日３回朝昼夕食後", "", 3, Internal;
    BEDTIME = "1011100000000000", "内服・経口・１日１回就寝前", "", 1, Internal;
    WEEKLY = "1011000090000000", "内服・経口・１日１回起床時", "W0100000&月曜&JAMISDP01", 1, Internal;
    FOR_PAIN = "1050110020000000", "内服・経口・疼痛時、１日２回まで", "", 10, AsNeeded;
    FOR_FEVER = "1050710040000000", "内服・経口・発熱時、１日４回まで", "", 8, AsNeeded;
    PATCH = "2A71000000000000", "外用・貼付・１日１回", "", 28, External;
    INHALE = "2L72000000000000", "外用・吸入・１日２回", "", 1, External;
    DROPS = "2H74000000000000", "外用・点眼・１日４回", "", 2, External;
}
