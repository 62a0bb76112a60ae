//! The desk of a real node: every answer comes from a use case of [`service`], which decides and logs.
use super::chart::{
    Chart, FacilityName, Found, FoundRow, Holder, HolderAnswer, ItemPath, ItemRow, ItemView, Person, RowStatus,
};
use super::network::members_of;
use super::node_chart::{files_of, in_places, own_wanted};
use super::node_linked::own_row;
use super::{AccessView, ConsentView, Contents, Depth, Desk, DeskError, FeedRow, File, Home, LogRow, NetworkRow};
use crate::limits::ORIGINAL_BYTES_MAX;
use crate::serve::Feeds;
use crate::works::Works;
use protocol::fetch::Item;
use protocol::ids::{FacilityId, NetworkId, PatientRef, RequestId};
use protocol::kinds::{Coarse, FacilityClass};
use protocol::policy::Why;
use protocol::state::Book;
use protocol::time::Millis;
use records::model::Line;
use service::emergency::{EmergencyError, EmergencySpec};
use service::fetching::{FetchError, FetchSpec, HolderRow, RowState};
use service::locating::{LocateError, Located};
use service::patients::{FindError, PatientEntry, PatientRow, Query};
use service::records_read::{RecordError, RecordId, RecordView};
use service::staff::Proven;
use service::timeline::{TimelineError, TimelineSpec, Whose};
use service::{Service, Staff};
use std::sync::Arc;

/// A node's desk. Holds nothing of its own.
pub struct ServiceDesk {
    pub(super) service: Service,
    pub(super) feeds: Option<Feeds>,
    works: Option<Arc<dyn Works>>,
}

impl ServiceDesk {
    /// The desk of this node, with its sources if they are to be seen on the first page.
    pub fn new(service: Service, feeds: Option<Feeds>) -> Self {
        Self { service, feeds, works: None }
    }
    /// With the program around the pages, for the pages of running the node.
    #[must_use]
    pub fn with_works(self, works: Option<Arc<dyn Works>>) -> Self {
        Self { works, ..self }
    }
    pub(super) fn own_name(&self, id: &FacilityId) -> FacilityName {
        let class = self.service.facilities().into_iter().find(|setup| setup.id == *id).map(|setup| setup.class);
        FacilityName { id: id.clone(), name: self.service.facility_name(id), class }
    }
    pub(super) fn person(&self, patient: PatientRef, entry: &PatientEntry) -> Person {
        Person {
            patient,
            facility: self.own_name(&entry.facility),
            number: entry.id.expose_number().to_owned(),
            name: entry.shown_name(),
            kana: entry.shown_kana(),
            birth: *entry.patient.birth_date.expose(),
            sex: entry.patient.sex,
            is_deleted: entry.is_deleted,
        }
    }
    fn found(&self, row: PatientRow) -> FoundRow {
        let person = Person {
            patient: row.patient,
            facility: self.own_name(&row.facility),
            number: row.id.expose_number().to_owned(),
            name: row.name,
            kana: row.kana,
            birth: row.birth,
            sex: row.sex,
            is_deleted: row.is_deleted,
        };
        FoundRow { person, records: row.records }
    }
    fn feed_rows(&self) -> Vec<FeedRow> {
        let Some(feeds) = &self.feeds else { return Vec::new() };
        let quarantined = feeds.ingest.quarantined();
        let row = |feed: &service::ingest::Feed| {
            let report = feeds.ingest.last_report(feed);
            let waits =
                quarantined.iter().filter(|item| item.feed == feed.name && item.facility == feed.facility).count();
            let unreadable = report.as_ref().map_or(0, |report| report.unreadable);
            FeedRow {
                facility: feed.facility.clone(),
                name: format!("{} {}", self.service.facility_name(&feed.facility), feed.name),
                scanned: report.map(|report| report.began),
                quarantined: u64::try_from(waits).unwrap_or(u64::MAX),
                unreadable,
            }
        };
        feeds.feeds.iter().map(row).collect()
    }
    fn network_rows(&self, book: &Book, now: Millis) -> Vec<NetworkRow> {
        let name = |network: NetworkId| book.charter(network).map(|charter| charter.name.clone()).unwrap_or_default();
        let row = |network: NetworkId| {
            let members = members_of(&self.service, book, network);
            let others = book.networks().map(|(other, _)| other).filter(|other| *other != network);
            NetworkRow {
                id: network,
                name: name(network),
                is_member: members.iter().any(|member| member.is_own),
                accords: others
                    .filter(|other| book.accord_in_force(network, *other, now).is_some())
                    .map(name)
                    .collect(),
                members,
            }
        };
        self.service.networks().into_iter().map(row).collect()
    }
    fn own_view(&self, staff: &Staff, patient: PatientRef, id: [u8; 16], depth: Depth) -> Result<ItemView, DeskError> {
        let entry = self.service.patients().entry(patient).ok_or(DeskError::Unknown)?;
        let shown = self.service.records().show(staff, patient, RecordId(id)).map_err(of_record)?;
        let original = match depth {
            Depth::Rows => None,
            Depth::Original if shown.row.size > ORIGINAL_BYTES_MAX => None,
            Depth::Original => {
                let mut bytes = Vec::new();
                self.service.records().write_to(staff, patient, RecordId(id), &mut bytes).map_err(of_record)?;
                text_of(&bytes)
            }
        };
        let files = files_of(&shown.view);
        let (lines, problems) = words_of(shown.view);
        Ok(ItemView {
            now: self.service.now(),
            person: self.person(patient, &entry),
            holder: self.own_name(&shown.row.facility),
            network: None,
            until: None,
            facts: self.facts(staff, patient, self.allergy_records(staff, patient)),
            files,
            lines,
            problems,
            original,
            bytes: shown.row.size,
            row: ItemRow {
                path: ItemPath::Own(id),
                kind: shown.row.kind,
                care_date: shown.row.care_date,
                title: shown.row.title,
                made_at: shown.row.at,
                checked_at: shown.row.stored_at,
            },
        })
    }
    fn copy_view(
        &self,
        staff: &Staff,
        patient: PatientRef,
        (request, id): (RequestId, [u8; 16]),
        depth: Depth,
    ) -> Result<ItemView, DeskError> {
        let (now, cache) = (self.service.now(), self.service.view_cache());
        let entry = self.service.patients().entry(patient).ok_or(DeskError::Unknown)?;
        if cache.find(request, id, now).is_none_or(|(owner, _)| owner != patient) {
            return Err(DeskError::Unknown);
        }
        let shown = self.service.records().show_copy(staff, &cache, (request, id)).map_err(of_record)?;
        let bytes = || cache.bytes(request, id, now, ORIGINAL_BYTES_MAX).ok();
        let original = if depth == Depth::Original { bytes().and_then(|bytes| text_of(&bytes)) } else { None };
        let book = self.service.book();
        let member = book.networks().find_map(|(network, charter)| {
            Some((charter.name.clone(), book.membership(network, &shown.copy.holder)?.clone()))
        });
        let (network, member) = member.map_or((String::new(), None), |(network, member)| (network, Some(member)));
        let files = files_of(&shown.view);
        let (lines, problems) = words_of(shown.view);
        let item = shown.copy.item;
        Ok(ItemView {
            now,
            person: self.person(patient, &entry),
            holder: FacilityName {
                name: member.as_ref().map_or_else(|| shown.copy.holder.to_string(), |member| member.name.clone()),
                class: member.map(|member| member.class),
                id: shown.copy.holder,
            },
            network: Some(network),
            until: Some(shown.copy.until),
            facts: self.facts(staff, patient, self.allergy_records(staff, patient)),
            files,
            lines,
            problems,
            original,
            bytes: item.size,
            row: item_row(request, item),
        })
    }
}

impl Desk for ServiceDesk {
    fn name(&self) -> String {
        self.service.config().name.clone()
    }
    fn is_ready(&self) -> bool {
        self.service.engine().is_running()
    }
    fn now(&self) -> Millis {
        self.service.now()
    }
    fn home(&self, _: &Staff) -> Result<Home, DeskError> {
        let status = self.service.status();
        let book = self.service.book();
        let told = self.service.engine().witnessed();
        Ok(Home {
            now: status.now,
            node: status.name,
            key: status.node,
            facilities: status.facilities.iter().map(|(setup, _)| self.own_name(&setup.id)).collect(),
            patients: status.patients,
            is_running: status.is_running,
            freshness: status.freshness,
            networks: self.network_rows(&book, status.now),
            feeds: self.feed_rows(),
            log: LogRow {
                size: status.log.size,
                witnessed: told.map(|(size, by, _)| (size, Some(by))).or(status.witnessed.map(|size| (size, None))),
                is_good: told.map_or(status.witnessed.is_some(), |(.., good)| good),
            },
        })
    }
    fn search(&self, staff: &Staff, text: &str) -> Result<Found, DeskError> {
        let query = Query::new(text);
        let found = self.service.patients().find(staff, &query).map_err(of_find)?;
        let rows = found.patients.into_iter().map(|row| self.found(row)).collect();
        Ok(Found { rows, more: found.more, birth: query.birth_date(), now: self.service.now() })
    }
    fn chart(&self, staff: &Staff, patient: PatientRef) -> Result<Chart, DeskError> {
        let entry = self.service.patients().show(staff, patient).map_err(of_find)?;
        let spec = TimelineSpec { whose: Whose::Facility, ..TimelineSpec::all(patient) };
        let shown = self.service.timelines().show(staff, &spec).map_err(of_timeline)?;
        let linked = self.linked(staff, patient)?;
        let own: Vec<ItemRow> = shown.rows.into_iter().filter_map(own_row).collect();
        let located = self.service.locate(staff, patient);
        if let Err(error) = &located {
            tracing::warn!(%error, "holders not looked for");
        }
        let book = self.service.book();
        Ok(Chart {
            unconfirmed: self.service.unconfirmed_holders(),
            now: self.service.now(),
            person: self.person(patient, &entry),
            own_checked: self.checked(&entry.facility),
            facts: self.facts(staff, patient, own_wanted(&own, Coarse::Allergy)),
            own,
            holders: located
                .ok()
                .map(|all| in_places(all.iter().map(|one| holder(&book, one)).chain(linked).collect())),
        })
    }
    fn ask(
        &self,
        staff: &Staff,
        patient: PatientRef,
        ground: &str,
        each: &mut dyn FnMut(HolderAnswer) -> bool,
    ) -> Result<(), DeskError> {
        if !self.answer_linked(staff, patient, each)? {
            return Ok(());
        }
        let book = self.service.book();
        let tell = |row: &HolderRow| {
            each(answer(&book, row, self.service.now()));
        };
        let asked = self.service.fetch_each(staff, &FetchSpec::treatment(patient, ground), tell);
        asked.map(drop).map_err(|error| match error {
            FetchError::Locate(LocateError::NoPatient(_)) => DeskError::Unknown,
            other => DeskError::Failed(other.to_string()),
        })
    }
    fn break_glass(&self, by: &Proven, spec: &EmergencySpec) -> Result<Result<Vec<HolderAnswer>, Why>, DeskError> {
        let mut answers = Vec::new();
        let mut each = |answer| {
            answers.push(answer);
            true
        };
        // What the person's other numbers in this house show stands on its own consent, here as on every page.
        self.answer_linked(by.staff(), spec.patient, &mut each)?;
        match self.service.break_glass(by, spec) {
            Ok(rows) => {
                let book = self.service.book();
                answers.extend(rows.iter().map(|row| answer(&book, row, self.service.now())));
                Ok(Ok(answers))
            }
            Err(EmergencyError::Rule(why)) => Ok(Err(why)),
            Err(EmergencyError::Fetch(FetchError::Locate(LocateError::NoPatient(_)))) => Err(DeskError::Unknown),
            Err(other) => Err(DeskError::Failed(other.to_string())),
        }
    }
    fn kept(&self, staff: &Staff, patient: PatientRef, items: &[ItemPath]) -> Vec<ItemPath> {
        let (now, cache) = (self.service.now(), self.service.view_cache());
        let is_here = |path: &&ItemPath| match path {
            ItemPath::Own(id) => self.service.records().is_seen(staff, patient, RecordId(*id)),
            ItemPath::Copy(request, item) => {
                cache.find(*request, *item, now).is_some_and(|(owner, _)| owner == patient)
            }
        };
        items.iter().filter(is_here).copied().collect()
    }
    fn item(&self, staff: &Staff, patient: PatientRef, path: &ItemPath, depth: Depth) -> Result<ItemView, DeskError> {
        match *path {
            ItemPath::Own(id) => self.own_view(staff, patient, id, depth),
            ItemPath::Copy(request, item) => self.copy_view(staff, patient, (request, item), depth),
        }
    }
    fn contents(&self, staff: &Staff, patient: PatientRef, items: &[ItemPath]) -> Result<Contents, DeskError> {
        self.read(staff, patient, items)
    }
    fn file(&self, staff: &Staff, patient: PatientRef, item: &ItemPath, index: usize) -> Result<File, DeskError> {
        self.read_file(staff, patient, item, index)
    }
    fn access(&self, staff: &Staff, patient: PatientRef) -> Result<AccessView, DeskError> {
        self.read_access(staff, patient)
    }
    fn consents(&self, staff: &Staff, patient: PatientRef) -> Result<ConsentView, DeskError> {
        self.read_consents(staff, patient)
    }
    fn works(&self) -> Option<&dyn Works> {
        self.works.as_deref()
    }
    fn feeds(&self) -> Option<&Feeds> {
        self.feeds.as_ref()
    }
    fn person_of(&self, _: &Staff, patient: PatientRef) -> Option<Person> {
        self.service.patients().entry(patient).map(|entry| self.person(patient, &entry))
    }
    fn service(&self) -> Option<&Service> {
        Some(&self.service)
    }
}

pub(super) fn of_timeline(error: TimelineError) -> DeskError {
    match error {
        TimelineError::Unknown(_) => DeskError::Unknown,
        TimelineError::Log(why) => DeskError::Failed(why),
    }
}

fn item_row(request: RequestId, item: Item) -> ItemRow {
    let Item { id, kind, care_date, title, made_at, checked_at, .. } = item;
    ItemRow { path: ItemPath::Copy(request, id), kind, care_date, title, made_at, checked_at }
}

fn holder(book: &Book, located: &Located) -> Holder {
    let candidate = &located.candidate;
    let class: Option<FacilityClass> = book.membership(candidate.network, &candidate.holder).map(|member| member.class);
    Holder {
        facility: FacilityName { id: candidate.holder.clone(), name: located.holder_name.clone(), class },
        network: located.network_name.clone(),
        handle: Some(candidate.handle),
        kinds: candidate.kinds,
    }
}

fn answer(book: &Book, row: &HolderRow, at: Millis) -> HolderAnswer {
    let items = row.request.map(|request| row.items.iter().map(|item| item_row(request, item.clone())).collect());
    HolderAnswer {
        holder: holder(book, &row.located),
        status: match row.state {
            RowState::Answered(status) => RowStatus::Answered(status),
            RowState::Unlinked => RowStatus::Unlinked,
            RowState::NotSame => RowStatus::NotSame,
        },
        items: items.unwrap_or_default(),
        is_cut: row.is_cut,
        at,
    }
}

fn words_of(view: RecordView) -> (Vec<Line>, Vec<String>) {
    match view {
        RecordView::Clinical { clinical, problems } => {
            (clinical.lines(), problems.iter().map(ToString::to_string).collect())
        }
        RecordView::Unreadable(why) => (Vec::new(), vec![why]),
    }
}

/// The text of a message; segments end in a carriage return, which pages show as a line's end.
fn text_of(bytes: &[u8]) -> Option<String> {
    let text = records::hl7::decode(bytes).ok()?.value.text;
    Some(text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn of_find(error: FindError) -> DeskError {
    match error {
        FindError::Empty => DeskError::EmptySearch,
        FindError::Unknown(_) => DeskError::Unknown,
        FindError::Log(why) => DeskError::Failed(why),
    }
}

pub(super) fn of_record(error: RecordError) -> DeskError {
    match error {
        RecordError::Unknown(_) => DeskError::Unknown,
        RecordError::Copy(service::view_cache::CopyError::Gone) => DeskError::Unknown,
        RecordError::Log(why) => DeskError::Failed(why),
        RecordError::Output(error) => DeskError::Failed(error.to_string()),
        other => DeskError::Damaged(other.to_string()),
    }
}
