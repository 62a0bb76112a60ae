//! A desk of made-up people, for looking at pages without a node and for their tests.
#![allow(dead_code, reason = "the example and the tests use different parts")]
use portal::desk::{
    AccessRow, AccessView, Chart, Contents, Deed, Depth, Desk, DeskError, FacilityName, Facts, FeedRow, File, Found,
    FoundRow, Holder, HolderAnswer, Home, ItemPath, ItemRow, ItemView, LogRow, MemberPart, NetworkRow, Person,
    RowStatus,
};
use protocol::engine::HolderStatus;
use protocol::ids::{FacilityId, Handle, NetworkId, NodeKey, PatientRef, RequestId};
use protocol::kinds::{Coarse, DataKind, FacilityClass, KindSet, Purpose};
use protocol::policy::Freshness;
use protocol::time::{DAY_MS, Date, HOUR_MS, MINUTE_MS, Millis};
use records::model::{Document, Line, LineKind, Mark, Sex};
use service::Staff;
use service::consents::Standing;
use std::sync::Mutex;
use std::time::Duration;

/// Made-up people of one hospital, and six others.
pub struct FakeDesk {
    /// How long each holder takes to answer more than the one before.
    pub pause: Duration,
    /// Items of each holder.
    pub items: u32,
    /// Who else holds records.
    pub holders: Holders,
    /// Names of holders whose index nobody has confirmed since the start.
    pub unconfirmed: Vec<String>,
    /// The family name of patient 1.
    pub family: String,
    /// What was asked on which ground.
    pub asked: Mutex<Vec<String>>,
    /// Copies that a withdrawal took away.
    pub are_copies_gone: Mutex<bool>,
}

/// Who else holds records of patient 1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Holders {
    /// Nine, of which each answers otherwise.
    Usual,
    /// Six, and all have some.
    Six,
    /// The same six, of which two were killed while they were asked.
    SixLessTwo,
}

impl FakeDesk {
    /// As people are to see it.
    pub fn new() -> Self {
        Self {
            pause: Duration::from_millis(500),
            unconfirmed: Vec::new(),
            items: 24,
            holders: Holders::Usual,
            family: "髙橋".into(),
            asked: Mutex::default(),
            are_copies_gone: Mutex::new(false),
        }
    }
    /// Without waiting, for tests.
    pub fn quick() -> Self {
        Self { pause: Duration::ZERO, ..Self::new() }
    }
    fn person(&self, number: u64) -> Option<Person> {
        let (name, kana, birth, sex) = match number {
            1 => (format!("{} フミ子", self.family), "タカハシ フミコ", "19410903", Sex::Female),
            2 => ("佐々木 翔太".into(), "ササキ ショウタ", "20170701", Sex::Male),
            3 => ("髙橋 フミ子".into(), "タカハシ フミコ", "19890107", Sex::Female),
            _ => return None,
        };
        Some(Person {
            patient: PatientRef(number),
            facility: facility("0310000011", "大船渡みなと病院", FacilityClass::Hospital),
            number: format!("0041-228{number}"),
            name,
            kana: kana.into(),
            birth: Date::parse(birth),
            sex,
            is_deleted: false,
        })
    }
    fn answers(&self) -> Vec<(Holder, RowStatus)> {
        use FacilityClass as C;
        use HolderStatus as S;
        let answered = RowStatus::Answered;
        let last_seen = Some(NOW.minus(92 * MINUTE_MS));
        let near = |id: &str, name: &str, class| holder(id, name, class, "気仙ネット");
        let far = |id: &str, name: &str, class| holder(id, name, class, "MMWIN");
        if self.holders != Holders::Usual {
            let gone = |minutes: u64| match self.holders {
                Holders::SixLessTwo => answered(S::Offline { last_seen: Some(NOW.minus(minutes * MINUTE_MS)) }),
                _ => answered(S::Data),
            };
            return vec![
                (far("0410000022", "仙台みやぎ総合病院", C::Hospital), answered(S::Data)),
                (far("0410000099", "泉中央病院", C::Hospital), gone(7)),
                (near("0310000033", "ひかり診療所", C::Clinic), answered(S::Data)),
                (far("0410000088", "青葉クリニック", C::Clinic), gone(92)),
                (near("0310000034", "うみねこ診療所", C::Clinic), answered(S::Data)),
                (near("0340000044", "ひまわり薬局", C::Pharmacy), answered(S::Data)),
            ];
        }
        vec![
            (far("0410000022", "仙台みやぎ総合病院", C::Hospital), answered(S::Data)),
            (far("0410000099", "泉中央病院", C::Hospital), answered(S::Pending)),
            (near("0310000033", "ひかり診療所", C::Clinic), answered(S::Offline { last_seen })),
            (far("0410000088", "青葉クリニック", C::Clinic), answered(S::OutsideAccord { clause: 2 })),
            (near("0330000077", "なぎさ歯科", C::Dental), answered(S::Nothing)),
            (near("0340000044", "ひまわり薬局", C::Pharmacy), answered(S::Data)),
            (near("0360000055", "さくら訪問看護", C::VisitingNursing), answered(S::Data)),
            (near("0370000066", "あおぞら介護", C::Care), answered(S::Late)),
            (near("0370000075", "つばき苑", C::Care), RowStatus::Unlinked),
        ]
    }
    fn facts(&self) -> Facts {
        let allergies = Some(vec!["セフェム系（発疹）".into(), "ヨード造影剤".into()]);
        Facts { allergies, consent: Standing::Given(NOW.minus(201 * DAY_MS)), emergency: None }
    }
}

impl Desk for FakeDesk {
    fn name(&self) -> String {
        "大船渡みなと病院".into()
    }
    fn is_ready(&self) -> bool {
        true
    }
    fn now(&self) -> Millis {
        NOW
    }
    fn home(&self, _: &Staff) -> Result<Home, DeskError> {
        let member = |holder: Holder, seen: Option<u64>| MemberPart {
            facility: holder.facility,
            is_own: false,
            is_online: seen == Some(0),
            seen: seen.map(|ago| NOW.minus(ago)),
            is_relay: false,
            until: NOW.plus(DAY_MS),
            key_until: None,
        };
        let own = MemberPart {
            facility: facility("0310000011", "大船渡みなと病院", FacilityClass::Hospital),
            is_own: true,
            is_online: false,
            seen: None,
            is_relay: false,
            until: NOW.plus(DAY_MS),
            key_until: None,
        };
        let all: Vec<Holder> = self.answers().into_iter().map(|(holder, _)| holder).collect();
        let of = |name: &str| all.iter().filter(|holder| holder.network == name).cloned().collect::<Vec<_>>();
        let seen = [Some(92 * MINUTE_MS), Some(0), Some(0), Some(3 * DAY_MS), None];
        let mut near: Vec<MemberPart> =
            of("気仙ネット").into_iter().zip(seen).map(|(one, seen)| member(one, seen)).collect();
        near.insert(0, own);
        Ok(Home {
            now: NOW,
            node: self.name(),
            key: NodeKey([0x5a; 32]),
            facilities: vec![facility("0310000011", "大船渡みなと病院", FacilityClass::Hospital)],
            patients: 214,
            is_running: true,
            freshness: Some(Freshness::Green),
            networks: vec![NetworkRow {
                id: NetworkId([1; 32]),
                name: "気仙ネット".into(),
                is_member: true,
                members: near,
                accords: vec!["MMWIN".into()],
            }],
            feeds: vec![
                feed("大船渡みなと病院 main", NOW.minus(4 * MINUTE_MS), 0),
                feed("大船渡みなと病院 ANX01", NOW.minus(29 * HOUR_MS), 2),
            ],
            log: LogRow { size: 1_204, witnessed: Some((1_198, Some(2))), is_good: true },
        })
    }
    fn search(&self, _: &Staff, text: &str) -> Result<Found, DeskError> {
        match text.trim() {
            "" => Err(DeskError::EmptySearch),
            "busy" => Err(DeskError::Busy),
            "高橋" | "タカハシ" | "S16.9.3" => {
                let rows = [1, 3].into_iter().filter_map(|number| self.person(number));
                Ok(Found {
                    rows: rows.map(|person| FoundRow { person, records: self.items }).collect(),
                    more: false,
                    birth: (text.trim() == "S16.9.3").then(|| Date::parse("19410903")).flatten(),
                    now: NOW,
                })
            }
            _ => Ok(Found { now: NOW, ..Found::default() }),
        }
    }
    fn chart(&self, _: &Staff, patient: PatientRef) -> Result<Chart, DeskError> {
        let person = self.person(patient.0).ok_or(DeskError::Unknown)?;
        let holders =
            if patient.0 == 1 { self.answers().into_iter().map(|(holder, _)| holder).collect() } else { Vec::new() };
        Ok(Chart {
            now: NOW,
            person,
            own: (0..self.items).map(|number| item(0, number, ItemPath::Own([number as u8; 16]))).collect(),
            own_checked: Some(NOW.minus(4 * MINUTE_MS)),
            facts: self.facts(),
            holders: (patient.0 < 3).then_some(holders),
            unconfirmed: self.unconfirmed.clone(),
        })
    }
    fn ask(
        &self,
        _: &Staff,
        _: PatientRef,
        ground: &str,
        each: &mut dyn FnMut(HolderAnswer) -> bool,
    ) -> Result<(), DeskError> {
        self.asked.lock().expect("the fake").push(ground.to_owned());
        let mut answers: Vec<(usize, (Holder, RowStatus))> = self.answers().into_iter().enumerate().collect();
        // Holders do not answer in the order of the page.
        answers.rotate_left(2);
        for (slot, (holder, status)) in answers {
            std::thread::sleep(self.pause);
            let has_data = status == RowStatus::Answered(HolderStatus::Data);
            let count = if has_data { self.items } else { 0 };
            let copy = |number: u32| {
                item(slot as u32 + 1, number, ItemPath::Copy(RequestId([slot as u8; 16]), [number as u8; 16]))
            };
            each(HolderAnswer { holder, status, items: (0..count).map(copy).collect(), is_cut: slot == 5, at: NOW });
        }
        Ok(())
    }
    fn kept(&self, _: &Staff, _: PatientRef, items: &[ItemPath]) -> Vec<ItemPath> {
        if *self.are_copies_gone.lock().expect("the fake") { Vec::new() } else { items.to_vec() }
    }
    fn item(&self, _: &Staff, patient: PatientRef, path: &ItemPath, depth: Depth) -> Result<ItemView, DeskError> {
        let person = self.person(patient.0).ok_or(DeskError::Unknown)?;
        let (holder, network, until) = match path {
            ItemPath::Own([first, ..]) if *first >= 250 => return Err(DeskError::Unknown),
            ItemPath::Own(_) => (person.facility.clone(), None, None),
            ItemPath::Copy(..) => (
                facility("0410000022", "仙台みやぎ総合病院", FacilityClass::Hospital),
                Some("MMWIN".to_owned()),
                Some(NOW.plus(12 * HOUR_MS)),
            ),
        };
        let result = |label: &str, value: &str, detail: &str, mark| {
            Line::of(LineKind::Result, value).label(label).detail(detail).mark(mark)
        };
        Ok(ItemView {
            now: NOW,
            person,
            row: item(0, 3, *path),
            holder,
            network,
            until,
            lines: vec![
                Line::of(LineKind::Department, "循環器内科"),
                result("クレアチニン", "1.39 mg/dL", "0.46–0.79", Mark::High),
                result("カリウム", "5.1 mmol/L", "3.6–4.8", Mark::High),
                result("ヘモグロビン", "10.9 g/dL", "11.6–14.8", Mark::Low),
                result("アルブミン", "3.9 g/dL", "4.1–5.1", Mark::None),
                Line::of(LineKind::Comment, "溶血（－）<b>&\"'"),
            ],
            problems: vec!["segment 7 (OBX-3): unknown code".into()],
            facts: self.facts(),
            files: match path {
                ItemPath::Own([9, ..]) => {
                    FILES.iter().map(|(name, text)| ((*name).to_owned(), text.len() as u64)).collect()
                }
                _ => Vec::new(),
            },
            original: (depth == Depth::Original).then(|| format!("MSH|^~\\&|HIS\nPID|||1||{}^フミ子\n", self.family)),
            bytes: 2_481,
        })
    }
    fn contents(&self, _: &Staff, _: PatientRef, items: &[ItemPath]) -> Result<Contents, DeskError> {
        let read = items.iter().map(|path| (*path, clinical::of(*path, &self.family)));
        Ok(Contents { read: read.collect(), unread: 0 })
    }
    fn file(&self, _: &Staff, _: PatientRef, item: &ItemPath, index: usize) -> Result<File, DeskError> {
        let ItemPath::Own([9, ..]) = item else { return Err(DeskError::Unknown) };
        let (name, text) = FILES.get(index).ok_or(DeskError::Unknown)?;
        Ok(File { kind: Document::media_type(name), bytes: text.as_bytes().to_vec() })
    }
    fn access(&self, _: &Staff, patient: PatientRef) -> Result<AccessView, DeskError> {
        let person = self.person(patient.0).ok_or(DeskError::Unknown)?;
        Ok(AccessView { now: NOW, facts: self.facts(), rows: looks(&person.facility), person, more: false })
    }
}

/// Files of the one document that has some: a text with markup, a page with a script, and what no browser shows.
const FILES: [(&str, &str); 3] = [
    (
        "main_document.xml",
        "<?xml version=\"1.0\"?><ClinicalDocument><title>訪問看護報告書</title><script>alert(1)</script></ClinicalDocument>",
    ),
    ("evil.html", "<script>alert(document.domain)</script>"),
    ("scan.dcm", "DICM"),
];

fn looks(own: &FacilityName) -> Vec<AccessRow> {
    let all = |minutes: u64, deed, other: Option<(&str, &str, FacilityClass)>, purpose, kinds: &[Coarse]| AccessRow {
        at: NOW.minus(minutes * MINUTE_MS),
        deed,
        facility: other.map_or_else(|| own.clone(), |(id, name, class)| facility(id, name, class)),
        is_own: other.is_none(),
        staff: (deed == Deed::Looked || deed == Deed::Asked || deed == Deed::Consent).then(|| "d-017".into()),
        purpose,
        kinds: KindSet::of(kinds),
        count: 3,
    };
    let sendai = Some(("0410000022", "仙台みやぎ総合病院", FacilityClass::Hospital));
    let fire = Some(("0390000010", "大船渡消防", FacilityClass::Fire));
    let pharmacy = Some(("0340000044", "ひまわり薬局", FacilityClass::Pharmacy));
    let treatment = Some(Purpose::Treatment);
    let usual = [Coarse::Prescription, Coarse::Lab, Coarse::Disease];
    vec![
        all(0, Deed::Looked, None, None, &usual),
        all(1, Deed::Got, sendai, treatment, &usual),
        all(1, Deed::Asked, sendai, treatment, &usual),
        all(5, Deed::Consent, None, None, &[]),
        all(1_600, Deed::Gave, pharmacy, treatment, &[Coarse::Prescription, Coarse::Allergy]),
        all(
            9_100,
            Deed::Gave,
            fire,
            Some(Purpose::Emergency),
            &[Coarse::Allergy, Coarse::Prescription, Coarse::Disease],
        ),
        all(17_300, Deed::Refused, sendai, Some(Purpose::Referral), &[Coarse::Image]),
        all(40_000, Deed::Looked, None, None, &[Coarse::Lab, Coarse::Document]),
    ]
}

/// 2026-11-22 10:42 in Japan.
pub const NOW: Millis = Millis(1_795_311_720_000);

fn facility(id: &str, name: &str, class: FacilityClass) -> FacilityName {
    FacilityName { id: FacilityId::parse(id).expect("ten digits"), name: name.into(), class: Some(class) }
}

fn holder(id: &str, name: &str, class: FacilityClass, network: &str) -> Holder {
    let kinds = KindSet::of(&[Coarse::Visit, Coarse::Prescription, Coarse::Lab]);
    Holder { facility: facility(id, name, class), network: network.into(), handle: Some(Handle([1; 16])), kinds }
}

fn feed(name: &str, scanned: Millis, quarantined: u64) -> FeedRow {
    let facility = FacilityId::parse("0310000011").expect("ten digits");
    FeedRow { facility, name: name.into(), scanned: Some(scanned), quarantined, unreadable: 0 }
}

fn item(salt: u32, number: u32, path: ItemPath) -> ItemRow {
    let (kind, title) = kind_of(salt, number);
    let step = match salt {
        6 => 28,
        7 => 4,
        _ => 9,
    };
    let days = i64::from(number) * step % if salt == 6 { 2_000 } else { 430 } + i64::from(salt) * 2;
    let at = NOW.minus(u64::try_from(days).expect("not negative") * DAY_MS);
    let kind = DataKind::parse(kind).expect("a kind");
    let care_date = (!kind.is_whole_state()).then(|| at.date_jst());
    // The nursing station's own feed stands still.
    let checked_at = if salt == 7 { NOW.minus(6 * DAY_MS) } else { NOW };
    ItemRow { path, kind, care_date, title: title.into(), made_at: at, checked_at }
}

/// What the record with this number is at a hospital, the pharmacy (6) or the nursing station (7).
fn kind_of(salt: u32, number: u32) -> (&'static str, &'static str) {
    let kinds = [
        ("ADT-12", "外来受診 循環器内科"),
        ("OMP-01", "アピキサバン錠2.5mg 他2剤 28日分"),
        ("OML-11", "BNP クレアチニン カリウム 他18項目"),
        ("OMG-01", "胸部単純X線 2方向"),
        ("OMP-01", "フロセミド錠40mg 14日分"),
        ("OML-11", "生化学的検査 4項目"),
        ("PPR-01", "慢性心不全、心房細動、慢性腎臓病"),
        ("ADT-61", "セフェム系、ヨード造影剤"),
    ];
    match (salt, number) {
        (1, 3) => ("ADT-22", "入院 循環器内科"),
        (1, 2) => ("ADT-52", "退院 循環器内科"),
        (6, _) => ("OMP-11", "調剤 3種 28日分"),
        (7, number) if number % 5 == 4 => ("DOC-1", "訪問看護報告書"),
        (7, _) => ("CARE-1", "訪問看護 血圧・体重"),
        (0, 9) => ("DOC-1", "診療情報提供書"),
        _ => kinds[((number * 3 + salt) % 8) as usize],
    }
}

/// What the made-up records say.
mod clinical {
    use super::{NOW, item};
    use portal::desk::ItemPath;
    use protocol::kinds::Coarse;
    use protocol::time::DAY_MS;
    use records::hl7::Stamp;
    use records::model::{
        Allergies, Allergy, Amount, Clinical, Code, Disease, Drug, DrugGroup, LabItem, LabReport, Prescription,
        Problems, Stage, Usage,
    };

    /// The content under a path.
    pub(super) fn of(path: ItemPath, family: &str) -> Clinical {
        let (salt, number) = match path {
            ItemPath::Own([number, ..]) => (0, number),
            ItemPath::Copy(request, [number, ..]) => (u32::from(request.0[0]) + 1, number),
        };
        let row = item(salt, u32::from(number), path);
        match row.kind.coarse() {
            Coarse::Lab => lab(salt, u32::from(number), family),
            Coarse::Prescription => prescription(salt, u32::from(number), &row),
            Coarse::Disease => problems(salt, family),
            Coarse::Allergy => allergies(family),
            _ => Clinical::Generic(Box::default()),
        }
    }
    fn code(code: &str, text: &str, system: &str) -> Code {
        Code { code: code.into(), text: text.into(), system: system.into(), other: None }
    }
    fn lab(salt: u32, number: u32, family: &str) -> Clinical {
        let wave = f64::from((number * 7 + salt * 3) % 11);
        let one = |id: &str,
                   name: &str,
                   system: &str,
                   (value, decimals): (f64, usize),
                   unit: &str,
                   range: &str,
                   flag: &str| LabItem {
            code: code(id, name, system),
            value: format!("{value:.decimals$}"),
            number: Some(format!("{value:.decimals$}")),
            unit: unit.into(),
            range: range.into(),
            flag: flag.into(),
            ..LabItem::default()
        };
        let marker = match salt {
            0 => one("4Z271000002301801", "BNP", "JC10", (120.0 + wave * 24.0, 0), "pg/mL", "18.4以下", "H"),
            _ => one("4Z272000002301801", "NT-proBNP", "JC10", (900.0 + wave * 210.0, 0), "pg/mL", "125以下", "H"),
        };
        let tests = vec![
            one("3C015000002327101", "クレアチニン", "JC10", (1.05 + wave * 0.05, 2), "mg/dL", "0.46-0.79", "H"),
            one(
                "3H015000002326101",
                "カリウム",
                "JC10",
                (4.0 + wave * 0.11, 1),
                "mmol/L",
                "3.6-4.8",
                if wave > 7.0 { "H" } else { "" },
            ),
            one(
                "2A030000001930101",
                "ヘモグロビン",
                "JC10",
                (11.9 - wave * 0.17, 1),
                "g/dL",
                "11.6-14.8",
                if wave > 1.0 { "L" } else { "" },
            ),
            one(
                "CRP",
                "CRP",
                if salt == 0 { "99A01" } else { "99B01" },
                (0.1 + wave * 0.04, 2),
                "mg/dL",
                "0.14以下",
                "",
            ),
            LabItem { comments: vec![format!("{family} <b>溶血</b>")], ..marker },
        ];
        Clinical::Lab(Box::new(LabReport { stage: Stage::Performed, items: tests, ..LabReport::default() }))
    }
    fn prescription(salt: u32, number: u32, row: &portal::desk::ItemRow) -> Clinical {
        let drug = |yj: &str, name: &str| Drug {
            code: code(yj, name, "YJ"),
            dose: Amount { number: "1".into(), number_max: String::new(), unit: code("TAB", "錠", "MR9P") },
            ..Drug::default()
        };
        let days = match (salt, row.title.contains("14日")) {
            (_, true) => "14",
            (0, false) => "56",
            _ => "28",
        };
        let drugs = match salt {
            0 if days == "14" => vec![drug("2139005F1052", "フロセミド錠４０ｍｇ")],
            0 => vec![drug("2171022F2010", "アムロジピン錠５ｍｇ"), drug("3339004F2021", "アピキサバン錠２．５ｍｇ")],
            1 => vec![
                drug("2171022F4048", "アムロジピンOD錠2.5mg「見本」"),
                drug("2123016F1030", "ビソプロロールフマル酸塩錠2.5mg"),
            ],
            _ => vec![drug("2171022F2010", "アムロジピン錠5mg"), drug("2344009F2031", "酸化マグネシウム錠330mg")],
        };
        let start = row.care_date.or_else(|| Some(NOW.minus(u64::from(number) * DAY_MS).date_jst()));
        let usage = Usage {
            words: "内服・経口・１日１回朝食後".into(),
            days: days.into(),
            start: start.map(Stamp::of_date),
            ..Usage::default()
        };
        let groups = vec![DrugGroup { drugs, usage, ..DrugGroup::default() }];
        Clinical::Prescription(Box::new(Prescription { stage: Stage::Ordered, groups, ..Prescription::default() }))
    }
    fn problems(salt: u32, family: &str) -> Clinical {
        let one = |name: &str, main: bool| Disease { name: name.into(), main, ..Disease::default() };
        let extra =
            if salt == 0 { one("慢性腎臓病 G3b", false) } else { one("大動脈弁狭窄症・TAVI後", true) };
        let odd = one(&format!("{family} <i>疑義</i>"), false);
        let mut items = vec![one("慢性心不全", true), one("心房細動", false), extra];
        if family.contains('<') {
            items.push(odd);
        }
        Clinical::Problems(Problems { items })
    }
    fn allergies(family: &str) -> Clinical {
        let one = |name: &str, reaction: &str| Allergy {
            allergen: code("", name, ""),
            reactions: vec![reaction.into()],
            ..Allergy::default()
        };
        let mut items = vec![one("セフェム系", "発疹"), one("ヨード造影剤", "")];
        if family.contains('<') {
            items.push(one(family, "<u>"));
        }
        Clinical::Allergies(Allergies { items })
    }
}
