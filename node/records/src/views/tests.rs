//! Every kind with a view, from bytes as they lie on disk. All people and numbers are invented.
use super::*;
use crate::hl7::{Encoding, encode_iso2022jp};
use crate::model::{Clinical, DrugSystem, LabStatus, Mark, NameForm, Sex, Stage, VisitEvent};
use crate::ssmix2::{FileName, path};
use crate::{Fault, Parsed};
use proptest::prelude::*;
use protocol::kinds::DataKind;
use protocol::time::Date;

const PID: &str = "PID|0001||0000700021^^^^PI||橋本^日向^^^^^L^I~ハシモト^ヒナタ^^^^^L^P||19410927|M";
const PV1: &str = "PV1|0001|O|06^^^^^C||||S014^目黒^服部^^^^^^^L^^^^^I|||06";
const ORC: &str = "ORC|NW|000000700000101||000000700000101_01|||||20240405101500|||S014^目黒^服部^^^^^^^L^^^^^I|||||06^消化器科^HL70069";

fn message(kind: &str, body: &[&str]) -> String {
    let head = format!(
        "MSH|^~\\&|EMR|9910000017|GW|NODE|20240405101530.1200||{kind}|77|P|2.5||||||~ISO IR87||ISO 2022-1994|SS-MIX2_1.20^SS-MIX2"
    );
    std::iter::once(head.as_str()).chain([PID]).chain(body.iter().copied()).map(|line| format!("{line}\r")).collect()
}
fn name(kind: &str) -> FileName {
    let date = if DataKind::parse(kind).expect("a kind").is_whole_state() { "-" } else { "20240405" };
    let path =
        format!("000/070/0000700021/{date}/{kind}/0000700021_{date}_{kind}_000000700000101_20240405101530120_06_1");
    path::parse(&path).expect("a path of the standard").value
}
#[track_caller]
fn read_text(kind: &str, text: &str) -> (Reading, Vec<Fault>) {
    let Parsed { value, problems } = parse_file(&name(kind), &encode_iso2022jp(text)).expect("readable");
    assert!(!format!("{value:?}").contains("橋本") && !value.clinical.title().contains("橋本"));
    assert!(!value.clinical.lines().is_empty());
    let stored = protocol::data::encode(&value);
    assert!(protocol::data::decode::<Reading>(&stored).as_ref() == Some(&value), "what is stored reads back");
    // The messages here leave out what is not their subject; tests/deviations.rs looks at missing segments.
    let told = problems.into_iter().map(|problem| problem.fault);
    (value, told.filter(|fault| !matches!(fault, Fault::MissingSegment(_))).collect())
}
#[track_caller]
fn read(kind: &str, message_kind: &str, body: &[&str]) -> Clinical {
    let (reading, faults) = read_text(kind, &message(message_kind, body));
    assert_eq!(faults, []);
    assert_eq!(reading.header.encoding, Encoding::Iso2022Jp);
    reading.clinical
}
macro_rules! inner {
    ($clinical:expr, $arm:ident) => {
        match $clinical {
            Clinical::$arm(inner) => inner,
            other => panic!("another view: {other:?}"),
        }
    };
}
fn values(clinical: &Clinical) -> Vec<String> {
    clinical
        .lines()
        .into_iter()
        .map(|line| format!("{} {} {}", line.label, line.value, line.detail).trim().to_owned())
        .collect()
}

#[test]
fn master_data_are_read_whole() {
    let body = [
        "NK1|1|橋本^京子^^^^^L^I|SPO^配偶者^HL70063||^PRN^PH^^^^^^^^^0192-00-1111",
        "PV1|0001|O|06^^^^^C",
        "DB1|1|PT||N",
        "OBX|1|NM|9N001000000000001^身長^JC10||168.4|cm^cm^ISO+|||||F",
        "OBX|2|CWE|5H010000001999911^血液型-ABO式^JC10||B^B^JSHR002||||||F",
        "AL1|1|DA^薬剤アレルギー^HL70127|^ヨード造影剤^99ABC|SV",
        "IN1|1|39^後期高齢者^JHSD0001|39039999|架空広域連合||||||記９|１２３４|20230801|20250731||||SEL^本人^HL70063",
        "IN1|2|06^組合健保^JHSD0001|06139999|||||||架８~５５~０２",
    ];
    let text = message("ADT^A08^ADT_A01", &body)
        .replace("|M\r", "|M|||^^^^029-9999^JPN^H^岩手県架空市目黒１||^PRN^PH^^^^^^^^^0192-00-1111\r");
    let (reading, faults) = read_text("ADT-00", &text);
    assert_eq!((faults, reading.date), (vec![], None));
    let patient = inner!(reading.clinical, Patient);
    assert_eq!(patient.name(NameForm::Kana).map(|name| name.whole()).as_deref(), Some("ハシモト ヒナタ"));
    assert_eq!((patient.birth_date.expose(), patient.sex), (&Date::new(1941, 9, 27), Sex::Male));
    assert_eq!(patient.addresses[0].text.expose(), "岩手県架空市目黒１");
    assert_eq!(patient.insurances[0].number.expose(), "１２３４");
    let second = &patient.insurances[1];
    assert_eq!(
        (second.symbol.expose().as_str(), second.number.expose().as_str(), second.branch.expose().as_str()),
        ("架８", "５５", "０２")
    );
    assert_eq!((patient.measures[0].number.as_deref(), patient.measures[1].value.as_str()), (Some("168.4"), "B"));
    assert_eq!((patient.allergies[0].line().mark, patient.handicapped), (Mark::Alert, Some(false)));
    assert_eq!(patient.contacts[0].relation.shown(), "配偶者");
}
#[test]
fn deletion_of_master_data_is_told() {
    assert!(read("ADT-00", "ADT^A23^ADT_A21", &["PV1|0001|O"]).is_cancelled());
}
#[test]
fn visits_and_stays_are_read() {
    let stay = "PV1|0001|I|5N^501^2^^^N||||S014^目黒^服部^^^^^^^L^^^^^I|||06||||||||||||||||||||||||||20||||||||20240405140000|20240419103000";
    let reception =
        read("ADT-12", "ADT^A04^ADT_A01", &[&format!("{PV1}||||||||||||||||||||||||||||||||||20240405084500")]);
    assert_eq!((reception.title().as_str(), reception.department()), ("外来受付 消化器科", "消化器科"));
    assert_eq!(reception.date(), Date::new(2024, 4, 5));
    let admission = inner!(read("ADT-22", "ADT^A01^ADT_A01", &[stay]), Visit);
    assert!(admission.inpatient && admission.event == VisitEvent::Admission);
    assert_eq!((admission.place.as_str(), admission.doctor.as_str()), ("5N-501-2", "目黒 服部"));
    let (discharge, faults) = read_text("ADT-52", &message("ADT^A03^ADT_A03", &[stay]));
    assert_eq!((faults, discharge.date), (vec![Fault::DateDisagrees], Date::new(2024, 4, 5)));
    let discharge = inner!(discharge.clinical, Visit);
    assert!(discharge.is_death() && discharge.discharged.is_some());
    assert!(read("ADT-22", "ADT^A11^ADT_A09", &[stay]).title().contains("取消"));
}
#[test]
fn allergies_are_read() {
    let body = [
        "IAM|1|LA^花粉アレルギー^HL70127|5A1002216023023^スギ^JC10|MI^軽度^HL70128|くしゃみ~鼻水|A^追加^HL70323|||||201002",
        "IAM|2|FA|^エビ^99ABC|SV|発疹|A||||||中学生の頃",
        "IAM|3|DA||MO||D",
    ];
    let clinical = read("ADT-61", "ADT^A60^ADT_A60", &body);
    assert_eq!(clinical.title(), "スギ、エビ");
    let list = inner!(clinical, Allergies);
    assert_eq!((list.items[0].since.as_str(), list.items[0].reactions.len()), ("2010-02", 2));
    assert_eq!((list.items[1].class.shown(), list.items[1].since.as_str()), ("食物アレルギー", "中学生の頃"));
    assert!(list.items[2].withdrawn);
}
#[test]
fn diagnoses_are_read_with_modifiers_and_confidentiality() {
    let body = [
        "PRB|AD|20240405101455|20055555^胃潰瘍^MDCDX2|000000000700001|||20240401|||K259^^I10^O^外来時^JHSD0004^2013||||N^回復せず^HL70241||||1^主診断^JHSD0007",
        "ZPR|8002^急性^MDCDX2|20055555^胃潰瘍^MDCDX2|||ABCD^胃潰瘍^MDCDX2||経過観察",
        "PRB|AD|20240405101455|20084317^目黒症候群^MDCDX2|000000000700002|||20240402|||^^^0^外来時^JHSD0004|||1^疑い^JHSD0005||||||||||||V",
    ];
    let (reading, faults) = read_text("PPR-01", &message("PPR^ZD1^PPR_ZD1", &body));
    assert_eq!(faults, [Fault::Restricted]);
    assert!(reading.clinical.has_restricted());
    assert_eq!(reading.clinical.title(), "急性胃潰瘍");
    let list = inner!(reading.clinical, Problems);
    let (first, second) = (&list.items[0], &list.items[1]);
    assert_eq!((first.icd10.as_str(), first.exchange_code.as_str(), first.main), ("K259", "ABCD", true));
    assert_eq!((first.outcome.shown(), first.comment.as_str()), ("回復せず", "経過観察"));
    assert_eq!((second.name.as_str(), second.suspected, second.class.code.as_str()), ("目黒症候群", true, "O"));
    assert_eq!(list.without_restricted().items.len(), 1);
}
#[test]
fn prescriptions_group_drugs_by_rp_and_tell_usage_in_words() {
    let body = [
        PV1,
        ORC,
        "RXE||103835401^試薬錠Ａ^HOT9|1||TAB^錠^MR9P|TAB^錠剤^MR9P||||21|TAB^錠^MR9P||||||||3^TAB&錠&MR9P||OHP^外来処方^MR9P~OHO^院外処方^MR9P~B^^JHSP0002||||||21^内服^JHSP0003",
        "TQ1|1||1013044400000000&&JAMISDP01|||7^D&日&ISO+|20240405||||水分\\T\\食事",
        "RXR|PO^口^HL70162",
        ORC,
        "RXE||620007329^試薬錠Ｂ^HOT9|1|4|TAB|TAB^錠剤^MR9P|V14NNNNN^４錠^JAMISDP01~V22NNNNN^２錠^JAMISDP01|||49|TAB",
        "TQ1|1||1013044400000000&朝昼夕食後&JAMISDP01|||7^D&日&ISO+|20240405",
        "RXR|PO^口^HL70162",
        &ORC.replace("_01", "_02"),
        "RXE||X12^試薬軟膏^99ABC|\"\"||TUBE|||||2|TUBE^本^MR9P",
        "TQ1|1||2B74000000000000&&JAMISDP01~W0100100^^JAMISDP01|||||||||||3",
        "RXR|AP^外用^HL70162|77L^左手^JAMISDP01",
    ];
    let (reading, faults) = read_text("OMP-01", &message("RDE^O11^RDE_O11", &body));
    assert_eq!(faults, [Fault::CodeUnverified]);
    assert_eq!(reading.clinical.title(), "試薬錠Ａ ほか2件");
    let prescription = inner!(reading.clinical, Prescription);
    assert_eq!(prescription.groups.iter().map(|group| group.drugs.len()).collect::<Vec<_>>(), [2, 1]);
    let first = &prescription.groups[0];
    assert_eq!(first.usage.shown(), "内服・経口 １日3回 朝昼夕食後 7日分 2024-04-05 から 水分&食事");
    assert_eq!((first.drugs[0].dose.shown().as_str(), first.drugs[0].daily.shown().as_str()), ("1錠", "3錠"));
    assert_eq!(first.drugs[0].instructions, ["一包化"]);
    assert_eq!((first.drugs[1].system, first.drugs[1].dose.shown().as_str()), (DrugSystem::Receipt, "1-4錠"));
    assert_eq!(first.drugs[1].instructions, ["1回目 ４錠", "2回目 ２錠"]);
    assert_eq!(prescription.classes, ["外来処方", "院外処方", "内服"]);
    let second = &prescription.groups[1];
    assert_eq!(second.usage.words, "外用・塗布 １日4回 月・木曜日");
    assert_eq!(
        (second.usage.times.as_str(), second.site.shown(), second.drugs[0].dose.shown().as_str()),
        ("3", "左手", "")
    );
}
#[test]
fn a_cancelled_order_is_told() {
    let clinical =
        read("OMP-01", "RDE^O11^RDE_O11", &[&ORC.replace("NW", "CA"), "RXE||103835401^試薬錠Ａ^HOT9|1||TAB", "RXR|PO"]);
    assert!(clinical.is_cancelled());
    assert_eq!((clinical.title().as_str(), clinical.lines()[0].mark), ("試薬錠Ａ（取消）", Mark::Struck));
}
#[test]
fn injections_are_read_with_base_and_additives() {
    let body = [
        ORC,
        "RXE||00^一般^JHSI0002|510||ml^ミリリッター^ISO+||||||||||||||||||102|ml/hr^ミリリッター／時間^ISO+|||02^点滴^JHSI0009",
        "TQ1|1||||||202404051600|202404052100",
        "RXR|IV^静脈内^HL70162|ARM^腕^HL70550",
        "RXC|B|107750602^試薬輸液５００ｍＬ^HOT9|1|HON^本^MR9P",
        "RXC|A|108010001^試薬注５０ｍｇ^HOT9|1|AMP",
    ];
    let clinical = read("OMP-02", "RDE^O11^RDE_O11", &body);
    assert!(values(&clinical).iter().any(|line| line.contains("静脈内 腕 510ミリリッター 102ミリリッター／時間")));
    let injection = inner!(clinical, Injection);
    let infusion = &injection.infusions[0];
    assert_eq!((infusion.class.shown(), infusion.drugs[0].base, infusion.drugs[1].base), ("一般", true, false));
    assert_eq!(infusion.drugs[1].dose.shown(), "1アンプル");
}
#[test]
fn given_drugs_are_read() {
    let rxa = "RXA|0|1|202404050830|202404050830|103835401^試薬錠Ａ^HOT9|1|TAB^錠^MR9P|||N02^看護^花^^^^^^^L^^^^^I|5N^501^2^^^N||||L123|||||";
    let body = [ORC, &format!("{rxa}CP"), &format!("{rxa}RE"), "RXR|PO^口^HL70162"];
    let prescription = inner!(read("OMP-11", "RAS^O17^RAS_O17", &body), Prescription);
    assert_eq!(
        (prescription.stage, prescription.at.map(|at| at.to_string()).as_deref()),
        (Stage::Performed, Some("2024-04-05 08:30"))
    );
    assert_eq!((prescription.groups[0].drugs.len(), prescription.groups[0].drugs[0].lot.as_str()), (2, "L123"));
    assert_eq!(prescription.groups[0].drugs[1].status.shown(), "拒否");
}
#[test]
fn results_are_read_with_flags_comparisons_and_comments() {
    let body = [
        PV1,
        "SPM|1|000000009900001||023^血清^JC10|||||||||||||202404051102",
        "OBX|1|ST|溶血^溶血^99ABC||2+||||||F",
        "OBR|1|000000700000101||E002^生化学的検査^99O03|||202404051102|||||||||||||||20240405131012",
        "ORC|SC|000000700000101|||CM||||20240405131012|||S014^目黒^服部|||||06^消化器科^HL70069",
        "OBX|1|NM|3B035000002327201^AST^JC10^10207^ＧＯＴ^99X03||58|u/L^U/L^ISO+|13-30|H|||F|||202404051102",
        "OBX|2|NM|3H015000002326101^カリウム^JC10||2.7|meq/L^mEq/L^ISO+|3.6-4.8|LL|||F",
        "OBX|3|ST|5C070000002306201^CRP^JC10||< 0.02|mg/dL^mg/dL^ISO+|0.00-0.14||||F",
        "OBX|4|NM|3C015000002327101^クレアチニン^JC10||||||||X",
        "NTE|1||検体溶血のため再採血\\.br\\検査部",
        "OBX|5|CWE|5E010^抗体^JC10||1^陰性^99ABC||||||P",
        "SPM|2|||018^全血^JC10",
        "OBR|2|000000700000101||E001^血液学的検査^99O03",
        "OBX|1|NM|2A990000001930955^血小板数^JC10||21.4|.10*4/uL^×10\\S\\4/μL^ISO+|15.8-34.8||||F",
        "OBR|3|000000700000101||E009^培養^99O03",
    ];
    let (reading, faults) = read_text("OML-11", &message("OUL^R22^OUL_R22", &body));
    assert_eq!(faults, [Fault::NoResult]);
    assert_eq!(reading.clinical.title(), "生化学的検査・血液学的検査・培養 7項目、異常2");
    let report = inner!(reading.clinical, Lab);
    // The first row is the state of the specimen.
    let item = |at: usize| &report.items[at + 1];
    assert_eq!((item(0).line().mark, item(0).unit.as_str(), item(0).specimen.shown()), (Mark::High, "U/L", "血清"));
    assert_eq!(item(1).line().mark, Mark::Alert);
    assert_eq!((item(2).number.as_deref(), item(2).comparison.as_str()), (None, "<"));
    assert_eq!((item(3).status, item(3).comments[0].as_str()), (LabStatus::Failed, "検体溶血のため再採血\n検査部"));
    assert_eq!((item(4).value.as_str(), item(4).status), ("陰性", LabStatus::Preliminary));
    assert_eq!((item(5).unit.as_str(), item(5).specimen.shown()), ("×10^4/μL", "全血"));
    assert_eq!((item(6).status, report.reported.is_some()), (LabStatus::Ordered, true));
}
#[test]
fn odd_values_are_kept_and_told() {
    let body = [
        "OBR|1|000000700000101||E002^尿検査^99O03|||202404051102",
        "OBX|1||A^A^99X||12||||||F",
        "OBX|2|NM|B^B^99X||３以上||||||F",
        "OBX|3|ST|C^C^99X||1+^陽性^99Z||||||F",
        "OBX|4|ST|D^D^99X||a^b||||||F",
        "OBX|5|NM|E^E^99X||7|10^2/μL|||||F",
        "OBX|6|SN|F^F^99X||>^100||||||F",
    ];
    let (reading, faults) = read_text("OML-11", &message("OUL^R22", &body));
    let report = inner!(reading.clinical, Lab);
    let values: Vec<&str> = report.items.iter().map(|item| item.value.as_str()).collect();
    assert_eq!(values, ["12", "３以上", "陽性", "a^b", "7", "> 100"]);
    assert_eq!(
        (report.items[0].number.as_deref(), report.items[4].unit.as_str(), report.items[5].comparison.as_str()),
        (Some("12"), "10^2/μL", ">")
    );
    assert_eq!(faults, [Fault::ValueType, Fault::BadNumber, Fault::Rejoined, Fault::Rejoined]);
}
#[test]
fn one_examination_stays_one_with_its_procedures() {
    let orc = |control: &str| ORC.replace("NW", control);
    let child = orc("CH").replace("700000101|", "700000102|");
    let obr = "OBR||000000700000101||1000000000000000^Ｘ線単純撮影^JJ1017|||202404051130|||||||||S014^目黒^服部";
    let ipc = "IPC|A77|P77|1.2.392.200036.9999.7||CR^^DCM";
    let finding = "OBX|1|TX|MS3-34^臨床病名^JSHR||肺炎の疑い||||||F";
    let body = [
        orc("NW"),
        obr.into(),
        ipc.into(),
        orc("PA"),
        obr.into(),
        finding.into(),
        ipc.into(),
        child,
        obr.replace("Ｘ線単純撮影", "胸部正面"),
        finding.into(),
        "ZE1|1|RS|10000002000102000000010000000000^胸部正面^JJ1017|1".into(),
        "ZE2|1|120^kV|250^mA|180^cm|10^msec|1".into(),
        ipc.into(),
    ];
    let clinical = read("OMG-11", "OMI^Z23^OMI_Z23", &body.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(clinical.title(), "Ｘ線単純撮影");
    let exam = inner!(clinical, Imaging);
    assert_eq!(
        (exam.modality.as_str(), exam.study_uid.as_str(), exam.procedures.len()),
        ("CR", "1.2.392.200036.9999.7", 1)
    );
    assert_eq!((exam.procedures[0].exposure.as_str(), exam.findings.len()), ("120kV 250mA 180cm 10msec", 1));
}
#[test]
fn physiology_parts_findings_from_measurements() {
    let body = [
        "OBR|1|000000700000101||9A110^標準１２誘導心電図^JC10|||202404051345||||||動悸|||S014^目黒^服部",
        "OBX|1|TX|9A110&IMP^心電図所見^JC10|1|正常範囲||||||F",
        "OBX|2|NM|32769^心拍数^99MFR|2|67|/min^回／分^ISO+|||||F",
    ];
    let clinical = read("OMG-13", "ORU^R01^ORU_R01", &body);
    assert_eq!(
        values(&clinical)[2..],
        ["標準１２誘導心電図", "臨床情報 動悸", "心電図所見 正常範囲", "心拍数 67 回／分"]
    );
    let ordered = read("OMG-03", "OMG^O19^OMG_O19", &[ORC, body[0]]);
    assert_eq!(ordered.title(), "標準１２誘導心電図（オーダ）");
}
#[test]
fn meals_are_read_with_their_first_and_last_meal() {
    let body = [
        ORC,
        "TQ1|1||TID&&HL70335||||2024040518|2024040807|S^^HL70485",
        "ODS|D||012^五分粥^99XY3~013^きざみ^99XY3|塩分６ｇ未満",
        "NTE|1||牛乳禁止",
        ORC,
        "TQ1|1||||||2024040812",
        "ODS|S|1^昼^99XY3|001^補食^99XY3",
    ];
    let clinical = read("OMD", "OMD^O03^OMD_O03", &body);
    assert_eq!((clinical.title().as_str(), clinical.coarse().word()), ("食事 五分粥 ほか2件", "meal"));
    let lines = values(&clinical);
    let expect = "食事 五分粥、きざみ １日３回 2024-04-05 18 – 2024-04-08 07";
    assert!(lines.iter().any(|line| line == expect), "{lines:?}");
    let order = inner!(clinical, Meal);
    assert_eq!(order.meals[0].instructions, ["塩分６ｇ未満", "牛乳禁止"]);
    assert_eq!((order.meals[0].priority.shown(), order.meals[1].class.shown()), ("至急", "補食"));
    assert!(order.meals[1].end.is_none() && order.meals[1].periods.len() == 1);
}
#[test]
fn cultures_are_read_with_what_they_are_susceptible_to() {
    let body = [
        "SPM|1|||061^喀痰^JC10|||||||||||||202404051102",
        "OBR|1|000000700000101||6B010^培養同定^JC10|||202404051102",
        "OBX|1|CWE|6B010000006174311^培養同定菌名^JC10|1|2001^Escherichia coli^JANIS||||||F",
        "OBX|2|ST|6B010000006174301^菌量^JC10|1|2+||||||F",
        "OBR|2|000000700000101||6C010^薬剤感受性^JC10|||202404051102||||||||||||||||||||6B010000006174311&培養同定菌名&JC10^1^2001",
        "OBX|1|ST|1208^ＡＢＰＣ^JANIS|1|> 16|ug/mL^μg/mL^ISO+||R|||F",
        "OBX|2|ST|1661^ＣＥＺ^JANIS|1|<= 2|ug/mL^μg/mL^ISO+||S|||F",
    ];
    let report = inner!(read("OML-11", "OUL^R22^OUL_R22", &body), Lab);
    let cultures = report.cultures();
    assert_eq!(
        (cultures.len(), cultures[0].organism.shown(), cultures[0].quantity.as_str()),
        (1, "Escherichia coli", "2+")
    );
    let tested: Vec<_> =
        cultures[0].susceptibilities.iter().map(|one| (one.drug.shown(), one.judgement.as_str())).collect();
    assert_eq!(tested, [("ＡＢＰＣ", "R"), ("ＣＥＺ", "S")]);
    assert_eq!(cultures[0].specimen.shown(), "喀痰");
    assert!(report.lines().iter().any(|line| line.value == "Escherichia coli 2+"));
}
#[test]
fn given_infusions_tell_route_rate_and_time() {
    let rxa =
        "RXA|0|1|202404051600|202404051700|103835401^試薬注^HOT9|1|AMP|||N02^看護^花|5N^501^2^^^N|100ml/hr||||||||CP";
    let body = [ORC, rxa, "RXR|IV^静脈内^HL70162|ARM^腕^HL70550|IVP^^HL70164"];
    let clinical = read("OMP-12", "RAS^O17^RAS_O17", &body);
    assert!(values(&clinical).iter().any(|line| line == "静脈内 腕 100ml/hr 点滴ポンプ"), "{:?}", values(&clinical));
    let injection = inner!(clinical, Injection);
    let drug = &injection.infusions[0].drugs[0];
    assert_eq!((drug.giver.as_str(), drug.given.1.is_some()), ("看護 花", true));
    assert_eq!(drug.same_by(), [(DrugSystem::Hot7, "1038354")]);
}
#[test]
fn tests_are_the_same_by_their_analyte() {
    let body = [
        "SPM|1|||023^血清^JC10",
        "OBR|1|700000101||3B035000002327201^AST^JC10|||202404051102",
        "OBX|1|NM|777^ＧＯＴ^99X03||58|u/L^U/L^ISO+|||||F",
        "OBX|2|NM|778^ＧＯＴ^99X03^3B035000002227201^AST^JC10||57|u/L^U/L^ISO+|||||F",
    ];
    let report = inner!(read("OML-11", "OUL^R22^OUL_R22", &body), Lab);
    assert_eq!(report.items[0].analyte(), Some("3B0350000"));
    assert_eq!(report.items[0].analyte(), report.items[1].analyte());
    assert_eq!((report.items[0].unit_code.code.as_str(), report.items[0].unit.as_str()), ("u/L", "U/L"));
}
#[test]
fn another_patient_is_never_taken() {
    let fail = |text: String| parse_file(&name("OMD"), &encode_iso2022jp(&text)).expect_err("quarantine");
    let text = message("OMD^O03", &[ORC, "ODS|D"]);
    assert_eq!(fail(text.replace("0000700021^", "0000700022^")), ParseFailure::WrongPatient);
    assert_eq!(fail(text.clone() + "PID|1||9^^^^PI||a^b\r"), ParseFailure::TwoPatients);
    assert_eq!(fail(text.replace(PID, "NTE|1")), ParseFailure::NoPatient);
    let short = parse_file(&name("OMD"), text.replace("0000700021^", "700-021^").as_bytes()).expect("the same patient");
    assert!(short.problems.iter().any(|problem| problem.fault == Fault::PatientForm));
}
#[test]
fn another_kind_is_refused_unless_the_segments_fit() {
    let kind = |code: &str| DataKind::parse(code).expect("a kind");
    let text = message("RDE^O11^RDE_O11", &[ORC, "RXE||1^薬^99A|1||TAB"]);
    assert!(matches!(parse_record(&kind("OML-11"), text.as_bytes()), Err(ParseFailure::WrongKind { .. })));
    assert!(matches!(parse_record(&kind("ADT-00"), text.as_bytes()), Err(ParseFailure::WrongKind { .. })));
    let other = parse_record(&kind("OMP-01"), text.replace("RDE^O11", "XXX^Y01").as_bytes()).expect("segments fit");
    assert!(other.problems.iter().any(|problem| problem.fault == Fault::KindDisagrees));
    let unknown = parse_record(&kind("OML-12"), text.as_bytes()).expect("listed").value;
    assert!(matches!(unknown, Clinical::Generic(_)));
}
#[test]
fn what_is_no_message_is_refused_with_a_reason() {
    let kind = DataKind::parse("OML-11").expect("a kind");
    let fail = |bytes: &[u8]| parse_record(&kind, bytes).expect_err("quarantine");
    assert!(fail(b"").is_transient() && fail(b"MSH|^~\\&|EM").is_transient());
    assert!(fail(b"%PDF-1.4").to_string().contains("MSH"));
    assert!(matches!(fail(&[0xFF; 40]), ParseFailure::Decode(_)));
}
#[test]
fn birth_and_sex_and_names_of_the_field_are_repaired() {
    let read = |pid: &str| read_text("OMD", &message("OMD^O03", &[ORC, "ODS|D||1^常食^99A"]).replace(PID, pid));
    let (swapped, faults) = read("PID|1||0000700021||橋本　日向^^^^^^L^I||F|19410927");
    assert_eq!((swapped.patient.sex, swapped.patient.birth_date.expose()), (Sex::Female, &Date::new(1941, 9, 27)));
    assert_eq!(faults, [Fault::NameForm, Fault::SwappedBirthAndSex]);
    let (doubled, _) = read("PID|1||0000700021||橋本^日向^^^^^L^I~ハシモト^ヒナタ^^^^^L^I||00000000|M");
    assert_eq!(doubled.patient.name(NameForm::Kana).map(|name| name.whole()).as_deref(), Some("ハシモト ヒナタ"));
    let (future, faults) = read("PID|1||0000700021||橋本^日向^^^^^L^I||20991231|M");
    assert_eq!((future.patient.birth_date.expose(), faults), (&None, vec![Fault::FutureDate]));
}
#[test]
fn a_cut_file_keeps_its_whole_segments() {
    let text = message(
        "OUL^R22",
        &["OBR|1|000000700000101||E1^検査^99A|||20240405", "OBX|1|NM|A^A^99A||1||||||F", "OBX|2|NM|B^B^99A||2||||||F"],
    );
    let (reading, faults) = read_text("OML-11", &text[..text.len() - 9]);
    assert_eq!(inner!(reading.clinical, Lab).items.len(), 1);
    assert_eq!(faults, [Fault::Truncated]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn damaged_messages_never_panic(
        kind in proptest::sample::select(vec!["ADT-00", "ADT-22", "ADT-61", "PPR-01", "OMP-01", "OMP-12", "OML-11", "OMG-11", "OMG-13", "OMD"]),
        cut in 0usize..700, at in 0usize..700, byte in any::<u8>(), rest in "((MSH|PID|PV1|ORC|RXE|TQ1|RXR|RXC|RXA|OBR|OBX|SPM|PRB|ZPR|IAM|ZE1|ZE2|IPC|IN1)[|^~&0-9A-Zあ-ん\\\\]{0,50}\r){0,12}",
    ) {
        let info = crate::ssmix2::kinds::ALL.iter().find(|info| info.code == kind).expect("listed");
        let text = message(&format!("{}^{}", info.create.0, info.create.1), &[ORC, PV1, &rest]);
        let mut bytes = encode_iso2022jp(&text);
        let at = at % bytes.len();
        bytes[at] = byte;
        for bytes in [&bytes[..], &bytes[..cut.min(bytes.len())]] {
            if let Ok(parsed) = parse_file(&name(kind), bytes) {
                let _ = (parsed.value.clinical.title(), parsed.value.clinical.lines(), parsed.value.patient.lines());
            }
        }
    }
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_record(&DataKind::parse("OML-11").expect("a kind"), &bytes);
    }
}
