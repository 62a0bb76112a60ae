use super::stage::{House, Stage};
use crate::config;
use crate::demo_data;
use crate::desk::{publish_pending, roots};
use crate::failure::Failure;
use protocol::ids::FacilityId;
use service::ingest::ScanReport;
use sim::region::Summary;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What the scans of one house found, added up.
#[derive(Clone, Debug, Default)]
pub struct Files {
    pub seen: u64,
    pub stored: u64,
    pub history: u64,
    pub deleted: u64,
    pub quarantined: u64,
    pub ignored: u64,
    pub written: u64,
}

impl Files {
    fn add(&mut self, report: &ScanReport) {
        self.seen += report.seen;
        self.stored += report.stored;
        self.history += report.history;
        self.deleted += report.deleted;
        self.quarantined += report.quarantined;
        self.ignored += report.ignored.values().sum::<u64>();
    }
    /// Every file has one fate, and every file that was written was seen.
    pub fn adds_up(&self) -> bool {
        let fates = self.stored + self.history + self.deleted + self.quarantined + self.ignored;
        self.seen == fates && self.seen == self.written && self.stored > 0
    }
}

/// Writes the made-up storages and takes them in, each house its own.
pub fn take_in(stage: &Stage<'_>) -> Result<BTreeMap<FacilityId, Files>, Failure> {
    let mut bar = stage.bar();
    let summary = demo_data::write(&stage.data(), &stage.plan, &mut |files| {
        bar("writing made-up SS-MIX2 storages", files, None)
    })?;
    drop(bar);
    stage.done(&format!("{} made-up people, {} files of SS-MIX2 storage written", summary.people, summary.files()));
    let all = at_all_houses(stage, &summary)?;
    let stored: u64 = all.values().map(|files| files.stored).sum();
    let troubles: u64 = all.values().map(|files| files.quarantined).sum();
    stage.done(&format!("taken in: {stored} records stored, {troubles} files in quarantine, each with its reason"));
    Ok(all)
}

/// Each house takes in its own storage, all at the same time.
fn at_all_houses(stage: &Stage<'_>, summary: &Summary) -> Result<BTreeMap<FacilityId, Files>, Failure> {
    let total = summary.files();
    let seen = Mutex::new((stage.bar(), BTreeMap::new()));
    let tell = |house: &House, count: u64| {
        let (bar, counts) = &mut *seen.lock().unwrap_or_else(PoisonError::into_inner);
        counts.insert(house.plan.id.clone(), count);
        bar("taking records in", counts.values().sum(), Some(total));
    };
    let take_in = |house: &House| {
        stage.go_on()?;
        let mut files = scan(stage, house, &mut |count| tell(house, count))?;
        files.written = summary.facilities.get(&house.plan.id).map_or(0, |of| of.standard.files + of.extended.files);
        Ok((house.plan.id.clone(), files))
    };
    std::thread::scope(|scope| {
        let houses: Vec<_> = stage.houses.iter().map(|house| scope.spawn(|| take_in(house))).collect();
        let lost = || Failure::store("a house of the demo ended early");
        houses.into_iter().map(|house| house.join().unwrap_or_else(|_| Err(lost()))).collect()
    })
}

fn scan(stage: &Stage<'_>, house: &House, tell: &mut dyn FnMut(u64)) -> Result<Files, Failure> {
    let desk = house.desk();
    let mut config = desk.config();
    let path = stage.data().join(house.plan.id.as_str());
    for facility in &mut config.facilities {
        // Once a day: the demo's own scan comes first, and nobody writes into these folders.
        facility.feeds = vec![config::Feed {
            name: config::feed_name(1),
            path: path.clone(),
            transactions: None,
            scan_interval_s: 86_400,
        }];
    }
    let feeds = {
        let quiet = desk.config();
        desk.set_config(config.clone());
        let feeds = roots(desk);
        desk.set_config(quiet);
        feeds
    };
    let mut files = Files::default();
    for (feed, _) in feeds {
        let before = files.seen;
        files.add(&desk.ingest().scan(&feed, &mut |progress| tell(before + progress.seen))?);
    }
    publish_pending(desk)?;
    desk.set_config(config);
    Ok(files)
}
