use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u16)]
        pub enum $name { $($(#[$item_doc])* $item = $code,)* }
        impl $name {
            /// All of them, in order of their codes.
            pub const ALL: &[Self] = &[$(Self::$item,)*];
            /// The number in the log.
            pub fn code(self) -> u16 { self as u16 }
            /// What a number in the log means; none for numbers of later versions.
            pub fn from_code(code: u16) -> Option<Self> { Self::ALL.iter().copied().find(|item| item.code() == code) }
            /// The word in commands and JSON.
            pub fn word(self) -> &'static str { match self { $(Self::$item => $text,)* } }
            /// Reads what [`Self::word`] writes.
            pub fn parse(text: &str) -> Option<Self> { Self::ALL.iter().copied().find(|item| item.word() == text) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.word()) }
        }
    };
}

reasons! {
    /// Why a request was not (or not yet) answered with data. Codes are stable: they stand in logs.
    Why {
        /// Breaks a limit: nothing asked for, period ends before it begins, size of nothing, deadline too far away.
        Malformed = 10, "malformed";
        /// Addressed to a facility that is not of this node.
        WrongHolder = 11, "wrong-holder";
        /// Its deadline is over.
        DeadlinePassed = 12, "deadline-passed";
        /// A request with this id was executed before.
        Replayed = 13, "replayed";
        /// The reader has no membership that we know.
        NotAMember = 20, "not-a-member";
        /// The reader's membership has not begun.
        MembershipNotYet = 21, "membership-not-yet";
        /// The reader's membership is over.
        MembershipExpired = 22, "membership-expired";
        /// The reader's membership does not let it read.
        NotAReader = 23, "not-a-reader";
        /// The reader or its node was revoked.
        Revoked = 30, "revoked";
        /// The reader is suspended for the time being.
        Suspended = 31, "suspended";
        /// What we know of the networks is older than 72 hours; after the next sync it works again.
        StateTooOld = 32, "state-too-old";
        /// The reader's network has no accord with ours, or none in this direction.
        NoAccord = 40, "no-accord";
        /// The accord has not begun.
        AccordNotYet = 41, "accord-not-yet";
        /// The accord is over.
        AccordExpired = 42, "accord-expired";
        /// The accord's clause leaves out the reader's class of facility.
        OutsideAccordClasses = 43, "outside-accord-classes";
        /// The accord's clause leaves out the purpose.
        OutsideAccordPurposes = 44, "outside-accord-purposes";
        /// The accord's clause leaves out the role.
        OutsideAccordRoles = 45, "outside-accord-roles";
        /// The accord's clause leaves out all kinds that were asked for.
        OutsideAccordKinds = 46, "outside-accord-kinds";
        /// The reader asked too often.
        Quota = 50, "quota";
        /// We have too much to do.
        Busy = 51, "busy";
        /// The purpose came without evidence.
        NoEvidence = 60, "no-evidence";
        /// The purpose never opens single records.
        PurposeMayNot = 61, "purpose-may-not";
        /// The handle names no patient of ours.
        NoSuchPatient = 70, "no-such-patient";
        /// The reader's patient is not ours.
        NoMatch = 71, "no-match";
        /// People must say whether the reader's patient is ours.
        NeedsHuman = 72, "needs-human";
        /// The reader named no consent of its side.
        NoReaderConsent = 80, "no-reader-consent";
        /// The patient said nothing here that would permit it, or said no.
        NoHolderConsent = 81, "no-holder-consent";
        /// The patient's consent here has come to its end.
        ConsentEnded = 82, "consent-ended";
        /// The patient stopped it.
        Stopped = 83, "stopped";
        /// The patient is dead and this is not the family's lawful request.
        Deceased = 84, "deceased";
        /// Staff of this role reads none of these kinds.
        RoleMayNot = 90, "role-may-not";
        /// The reader's membership allows none of these kinds.
        KindMayNot = 91, "kind-may-not";
        /// Each rule allows something, but nothing is left that all allow.
        NothingInScope = 92, "nothing-in-scope";
        /// Without consent only the emergency path could open it, and that is not open here.
        EmergencyNotAllowed = 100, "emergency-not-allowed";
        /// Staff of this role breaks no glass.
        EmergencyRole = 101, "emergency-role";
        /// The member of staff signed in with one factor only.
        EmergencyFactors = 102, "emergency-factors";
        /// No reason in words.
        EmergencyReasonMissing = 103, "emergency-reason-missing";
        /// Nobody says that the patient is there.
        EmergencyNotPresent = 104, "emergency-not-present";
        /// The patient said no, even in an emergency.
        EmergencyForbidden = 105, "emergency-forbidden";
        /// An earlier emergency read of this reader was not reviewed in time; the right is off until it is.
        EmergencyLapsed = 106, "emergency-lapsed";
    }
}
