use super::{DeskError, FacilityName, Facts, Person, ServiceDesk};
use protocol::ids::{FacilityId, NetworkId, PatientRef};
use protocol::time::Millis;
use service::consents::{ConsentError, ConsentFile};
use service::{Service, Staff};

/// What a person said, with all that is needed to say it in sentences. Personal data.
#[derive(Clone)]
pub struct ConsentView {
    /// When.
    pub now: Millis,
    /// Who.
    pub person: Person,
    /// What stands in the banner.
    pub facts: Facts,
    /// Every statement.
    pub file: ConsentFile,
    /// Names of networks and members.
    pub places: Places,
}

/// Names of what a statement speaks of.
#[derive(Clone, Default)]
pub struct Places {
    /// Networks, by name.
    pub networks: Vec<(NetworkId, String)>,
    /// Members in force, each once, in the order of their names.
    pub members: Vec<FacilityName>,
    /// Facilities of this node.
    pub own: Vec<FacilityName>,
}

impl Places {
    /// What is known at this node now.
    pub fn of(service: &Service) -> Self {
        let (book, now) = (service.book(), service.now());
        let networks: Vec<(NetworkId, String)> =
            book.networks().map(|(id, charter)| (id, charter.name.clone())).collect();
        let own: Vec<FacilityName> = service
            .facilities()
            .into_iter()
            .map(|setup| FacilityName { id: setup.id, name: setup.name, class: Some(setup.class) })
            .collect();
        let mut members: Vec<FacilityName> = networks
            .iter()
            .flat_map(|(network, _)| {
                book.members(*network).filter(|one| book.live(*network, &one.facility, now).is_some())
            })
            .map(|one| FacilityName { id: one.facility.clone(), name: one.name.clone(), class: Some(one.class) })
            .collect();
        members.sort_by(|a, b| a.id.cmp(&b.id));
        members.dedup_by(|a, b| a.id == b.id);
        members.sort_by_key(|one| (one.class.map(|class| class.code()), one.name.clone()));
        Self { networks, members, own }
    }
    /// A facility by its number; one that is not known any more by its number only.
    pub fn facility(&self, id: &FacilityId) -> FacilityName {
        let known = self.own.iter().chain(&self.members).find(|one| one.id == *id).cloned();
        known.unwrap_or_else(|| FacilityName { id: id.clone(), name: id.to_string(), class: None })
    }
    /// A network's name, or the beginning of its number.
    pub fn network(&self, id: &NetworkId) -> String {
        let known = self.networks.iter().find(|(own, _)| own == id).map(|(_, name)| name.clone());
        known.filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_string().chars().take(8).collect())
    }
}

impl ServiceDesk {
    pub(super) fn read_consents(&self, staff: &Staff, patient: PatientRef) -> Result<ConsentView, DeskError> {
        let entry = self.service.patients().entry(patient).ok_or(DeskError::Unknown)?;
        let file = self.service.consents(staff, patient).map_err(|error| match error {
            ConsentError::NoPatient(_) => DeskError::Unknown,
            other => DeskError::Failed(other.to_string()),
        })?;
        Ok(ConsentView {
            now: self.service.now(),
            person: self.person(patient, &entry),
            // A desk that takes consents need not see what a person is allergic to.
            facts: Facts { allergies: None, consent: file.standing(), emergency: None },
            file,
            places: Places::of(&self.service),
        })
    }
}
