# Words of the pages. The same keys as ja.ftl, by test.

## frame
product = Musubi
skip-to-main = Skip to content
demo-title = Demo
demo-text = People, facilities and values are all made up
nav-label = Main screens
nav-today = Today
nav-patients = Patients
search-label = Find a patient
search-hint = Name, kana, birth date, number
search-button = Search
role-doctor = Doctor
role-nurse = Nurse
role-pharmacist = Pharmacist
role-dentist = Dentist
role-care-manager = Care manager
role-care-staff = Care staff
role-clerk = Clerk
role-emergency = Emergency
role-auditor = Auditor
role-administrator = Administrator
role-network-office = Network office

## the way in, own page, staff
nav-staff = Staff
log-out = Sign out
to-login = To the sign-in page
demo-switch = Change role
demo-switch-lead = For the demo only. You act as a made-up member of staff of the role you choose.
login-title = Sign in
login-lead = Enter your login and password. The six digits of your authenticator app come next.
login-button = Next
login-has-code = I was given a one-time code
login-empty = Nobody is known at this node yet. Open the set-up link that `musubi run` printed.
field-login = Login
field-login-hint = 2 to 40 letters a-z, digits, hyphens, underscores or dots.
field-password = Password
field-name = Name
field-department = Department
field-facility = Facility
field-once = One-time code
field-once-hint = The ten characters that the administrator gave you.
field-new-password = New password
field-new-password-hint = At least 10 characters. Longer is safer; any characters will do.
field-again = New password, once more
field-old-password = Current password
field-code = Six digits
field-code-hint = As your authenticator app shows them now, or a recovery code.
first-title = First sign-in, or after a reset
first-lead = The one-time code shows who you are; then you choose a password.
first-button = Set password
code-title = Second factor
code-lead = Open your authenticator app.
code-button = Sign in
code-back = Begin anew
code-lost = If the phone is lost, enter a recovery code, or ask an administrator to reset it.
factor-title = Set up the second factor
factor-lead = A password alone lets nobody in. An authenticator app on your phone is the second factor.
factor-scan = 1. Scan this picture with the app.
factor-picture = QR code for the authenticator app
factor-type = If that does not work, type this into the app:
factor-button = Set up
recovery-title = Recovery codes
recovery-lead = The second factor is set up.
recovery-keep = Write these down now; they are never shown again. Each replaces the six digits once if the phone is lost.
recovery-done = I have written them down
set-up-title = The first administrator
set-up-lead = About the person who runs this node. Other staff can be added afterwards.
set-up-button = Create and go on
set-up-over-lead = This link cannot be used.
set-up-over = A link holds for 30 minutes and one use. While nobody is known, `musubi staff link` makes a new one.
refused-wrong = Login, password or code is wrong.
refused-password = The current password is wrong.
refused-wait = Too many attempts. Wait { $n } seconds.
refused-ended = This took too long. Begin anew.
refused-link = This link was used or is too old.
password-short = A password needs at least 10 characters.
password-long = A password has at most 128 characters.
password-guessable = This is among the first that somebody would guess. Avoid your login and rows of keys.
password-differ = The two passwords differ.
fault-login = A login has 2 to 40 letters a-z, digits, hyphens, underscores or dots.
fault-name = A name has 1 to 80 characters, without line breaks.
fault-department = A department has at most 80 characters, without line breaks.
fault-role = Unknown role. Use doctor, nurse, pharmacist, dentist, care-manager, care-staff, clerk, emergency, auditor, administrator or network-office.
fault-facility = No such facility on this node.
fault-taken = This login belongs to somebody already.
me-title = My account
me-lead = Your own settings, and what the log has under your number.
me-account = Account
me-sessions = Where you are signed in
me-session = since { $began }, last used { $seen }
me-this-session = this one
me-end-others = Sign out everywhere else
me-password = Change password
me-password-lead = All other sessions end.
me-password-button = Change
me-factor = Set up another app
me-factor-lead = Recovery codes left: { $n }. The present app holds until the new one is set up.
me-factor-button = Begin
me-events = What I did
me-events-zero = 0 events of the recent log are under this number.
me-events-foot = Newest first, up to 100. Patients by their number here.
col-staff-number = Number
col-role = Role
col-state = State
col-do = Change
col-when = When
col-what = What
col-note = Note
col-until = Valid until
col-line = Line
col-fate = What becomes of it
what-found = looked for patients
what-shown = was shown
what-requested = asked other holders
what-received = received records
what-consent-given = recorded a consent
what-consent-withdrawn = withdrew a consent
what-logged-in = signed in
what-logged-out = signed out
what-refused = was refused
what-changed = changed settings
staff-title = Staff
staff-lead = Adding, roles, resets, suspension. All of it stands in the log.
staff-count = Staff: { $n }
staff-zero = Nobody is known yet. Add somebody below.
staff-no-factor = no second factor yet
staff-seen = last in { $time }
staff-change = Change
staff-role-button = Set role and department
staff-reset-factor = also the app (phone lost)
staff-reset-button = Reset with a one-time code
staff-suspend-button = Suspend
staff-resume-button = Resume
staff-add-title = Add somebody
staff-add-button = Add and show the code
staff-last = This is the last active administrator. Make another one first.
staff-full = No more room: at most 10,000 accounts.
state-invited = invited
state-active = active
state-suspended = suspended
codes-title = One-time codes
codes-lead = For { $n } people. Hand them over now; they are never shown again.
codes-list = As a list for spreadsheets
import-title = Add from a list
import-lead = First see what would happen; then only the sound lines are taken.
import-list = List (CSV)
import-hint = The first line names the columns: login,name,role,department. Paste it from a spreadsheet.
import-preview = Preview
import-count = Lines to add: { $new }; to correct: { $wrong }
import-button = Add { $n }
import-unreadable = The list cannot be read.
fate-new = will be added
fate-known = known already, left as it is
fate-twice = same login as line { $line }
fault-right-title = Not for this role
fault-right-text = Your role does not open this page. If you need it, ask an administrator of your facility. The attempt stands in the log.
fault-session-title = You are signed out
fault-session-text = Nothing changed. Sign in, then do it once more.
fault-long-title = Too long
fault-long-text = What was sent is too large. Nothing changed. Divide it.

## today
home-title = Today
home-all-well = The node is running. 0 things need attention.
home-attention =
    { $n ->
        [one] 1 thing needs
       *[other] { $n } things need
    } attention.
home-stopped = The node's core is not running. Only own records can be seen. Run `musubi doctor`.
home-search-lead = The beginning of a name or its kana, a patient number, or a birth date (S33.3.21, 1958-03-21)
home-no-facility = No facility is set up yet. Begin with `musubi setup`.
home-patients =
    { $n ->
        [one] 1 patient
       *[other] { $n } patients
    }
home-node = This node
home-node-key = Node key
home-running = Running
home-not-running = Stopped
home-networks = Networks
home-alone = Not in any network yet. With an invitation, join by `musubi join`.
home-members =
    { $n ->
        [one] 1 member
       *[other] { $n } members
    }
home-not-member = Waiting to be admitted
home-accords = Accords: { $names }
home-freshness = Freshness of state
fresh-green = within 24 h
fresh-amber = within 72 h
fresh-red = over 72 h
fresh-unknown = could not be checked
fresh-amber-text = State is over 24 hours old. Reading works; new members are not accepted. Check the line.
fresh-red-text = State is over 72 hours old. Only own records can be read. Check the line.
member-own = ours
member-online = Connected
member-seen = Offline since { $since }
member-never = Not connected yet
home-feeds = Feeds
home-no-feeds = No feed is set. Add one in `musubi.toml` under [[facility.feed]].
feed-scanned = last scan { $when }
feed-never = not scanned yet
feed-quarantine = { $n } in quarantine
feed-quarantine-text =
    { $name }: { $n ->
        [one] 1 file
       *[other] { $n } files
    } could not be read. `musubi feed quarantine` says why; `musubi feed retry` when mended.
feed-unreadable-text =
    { $name }: { $n ->
        [one] 1 folder or file
       *[other] { $n } folders or files
    } could not be opened. Give the node's account read access; check with `musubi feed test`.
feed-old-text = { $name }: the feed stands still since { $when }. Run `musubi feed test`.
home-log = Audit trail
log-size =
    { $n ->
        [one] 1 event
       *[other] { $n } events
    }
log-witnessed =
    up to event { $n } signed by { $by ->
        [one] 1 witness
       *[other] { $by } witnesses
    }
log-witnessed-size = up to event { $n } signed by witnesses
log-unwitnessed = waiting for witnesses
log-good = enough witnesses

## search
patients-title = Find a patient
patients-lead = Only patients of this node's facilities are found. Every search is logged.
found-title =
    { $n ->
        [one] 1 patient
       *[other] { $n } patients
    } found
found-zero = 0 patients fit
found-zero-help = Try the first letters, kana, the birth date or the number. Only people registered at an own facility are found.
found-more = There are more: add a word.
search-empty = Type a name or its beginning, a number or a birth date.
col-patient = Patient
col-birth = Born, age
col-sex = Sex
col-number = Number
col-facility = Facility
col-records = Records here
same-name = same name
same-name-help = There are people of the same name. Check the birth date.
deleted-patient = deleted by facility
sex-female = F
sex-male = M
sex-other = other
sex-unknown = sex unknown
no-name = name unknown
birth-unknown = birth date unknown
born = born { $date }
age-years = { $n } y
age-years-months = { $n } y { $m } mo
age-months = { $n } mo
age-days = { $n } d

## timeline
timeline-title = Timeline
banner-label = Patient
fact-allergy = Allergies
allergy-here = as registered here
allergy-no-list = not known here
allergy-others = see the summary for others
allergy-zero = 0 registered here
seen-now = This look was logged { $time }
seen-why = Treatment
axis-label = Facility and answer
zoom-label = Scale
zoom-day = Days
zoom-week = Weeks
zoom-month = Months
zoom-year = Years
step-back = Earlier
step-on = Later
order-label = Order
order-holder = By facility
order-date = By date
now = now
own-checked = feed { $when }
own-not-checked = time of feed unknown
state-data = Data
state-nothing = Nothing for you
state-pending = Pending
state-busy = Busy
state-offline = Offline since { $since }
state-offline-ever = Offline
state-late = Late
state-outside = Outside accord
state-not-member = Not a member
state-no-consent = No consent here
state-damaged = Damaged
state-unlinked = To be matched
state-not-same = Someone else
state-gone = Copy removed
state-asking = Asking…
state-not-asked = Not asked
tell-nothing = Outside consent, accord or role
tell-pending = Unknown — waiting for people there or the patient
tell-busy = Unknown — busy; ask again in a while
tell-offline = Unknown — offline since { $since }; ask again once it is back
tell-offline-ever = Unknown — never reached yet
tell-late = Unknown — did not answer in time; ask again in a while
tell-outside = Outside clause { $clause } of the accord; the two network offices can change it
tell-not-member = Unknown — not a member in their eyes; ask the network office
tell-no-consent = Unknown — no consent taken here; `musubi consent record`
tell-damaged = Unknown — what came does not fit its signature; not shown
tell-unlinked = Unknown — people must say whether it is the same person; `musubi link review`
tell-not-same = Found to be another person
tell-gone = Unknown — the copy is gone (withdrawal or end of time); ask again
tell-asking = Waiting for the answer
tell-not-asked = Unknown — not asked yet
item-count =
    { $n ->
        [one] 1 record
       *[other] { $n } records
    }
cut-note = only a part came
announced = announces: { $kinds }
ask-title = Ask other facilities
ask-lead =
    { $n ->
        [one] 1 facility
       *[other] { $n } facilities
    } may hold records. Asking is logged on both sides.
ask-ground = Ground of treatment: number of the reception or the like
ask-required = required
ask-button = Ask
ask-again = Ask again
ask-ground-fault = Type the number of the reception or the like; no name.
demo-ground = demo reception
asked-at = Answers to a question asked { $when }
summary-asking =
    Asking { $n ->
        [one] 1 facility
       *[other] { $n } facilities
    }
summary-all =
    { $n ->
        [one] The 1 facility
       *[other] All { $n } facilities
    } answered
summary-part = Records of { $m } of { $n } facilities are unknown: { $names }
summary-alone = By the index held here, 0 other facilities announce records. How fresh the index is stands under Today.
summary-not-asked =
    Records of { $n ->
        [one] 1 other facility
       *[other] { $n } other facilities
    } are unknown (not asked yet)
ask-failed = Asking failed. Records of other facilities are unknown.
list-own = Own records
list-of = Records of { $name }
list-merged = What arrived, by date
list-waiting = Stands here by date once all facilities have answered
list-period = { $from } to { $to }
list-standing = Standing
list-more = { $n } more. A shorter period shows them.
list-outside = { $n } outside this period ({ $from } to { $to })
list-empty-period = 0 records arrived for this period
col-date = Date
col-kind = Kind
col-title = Record
col-source = Source
col-age = Age
old = old
ago-today = today
ago-days =
    { $n ->
        [one] 1 day
       *[other] { $n } days
    } ago
ago-months =
    { $n ->
        [one] 1 month
       *[other] { $n } months
    } ago
ago-years =
    { $n ->
        [one] 1 year
       *[other] { $n } years
    } ago
ago-ahead = ahead
mark-many = { $n } records
print-note = Printed at { $node }, { $when }
legend-visit = visit
legend-drug = drugs
legend-lab = lab
legend-image = image
legend-doc = document
legend-other = other
legend-unknown = unknown
kind-basic = Basic data
kind-visit = Visit
kind-prescription = Prescription
kind-injection = Injection
kind-lab = Laboratory
kind-disease = Problems
kind-allergy = Allergies
kind-image = Imaging
kind-physiology = Physiology
kind-document = Document
kind-summary = Summary
kind-care = Care
kind-meal = Meal
kind-other = Other

## item
item-title = Record
back-to-timeline = Back to timeline
item-source = Source
item-own = own record
item-made = Made
item-until = Copy until
item-unread = This record cannot be shown as rows. See the original below.
item-no-text = This is no text and cannot be opened here.
item-problems = Oddities of its form
item-original = Original text
item-original-show = Show original text
item-original-cut = long; only its beginning
item-more-lines = { $n } more rows; see the original.
item-size = { $n } bytes
mark-low = low
mark-high = high
mark-abnormal = abnormal
mark-alert = alert
mark-struck = struck
line-event = Event
line-time = Time
line-department = Department
line-doctor = Doctor
line-place = Place
line-drug = Drug
line-usage = Usage
line-result = Result
line-finding = Finding
line-procedure = Procedure
line-disease = Diagnosis
line-allergy = Allergy
line-basic = Basic
line-insurance = Insurance
line-meal = Meal
line-specimen = Specimen
line-reference = Reference
line-comment = Comment
line-file = File
line-field = Field

## faults
fault-title = Cannot be opened
fault-host-title = Not under this name
fault-host-text = Open { $url }. Other names are refused to keep foreign pages out.
fault-forged-title = This form is not accepted
fault-forged-text = It came from another page, or the node was restarted. Nothing changed. Open the page again and send it once more.
fault-unknown-title = Not here
fault-unknown-text = The number is wrong, or the copy has expired or was withdrawn. Search for the patient again.
fault-busy-title = Busy
fault-busy-text = The node does not keep up. Wait a little and open the page again.
fault-damaged-title = This record cannot be opened
fault-damaged-text = Its content does not fit its signature or form, so nothing of it is shown. Run `musubi doctor`.
fault-failed-title = The node could not answer
fault-failed-text = The patient's records are unknown. `musubi doctor` names the cause and the remedy.
fault-page-text = There is no page at this address.
fault-home = To Today

## charts and who looked
fact-consent = Consent
consent-unsaid = Not taken at this desk
consent-given = In force
consent-limited = In force, parts excluded
consent-withdrawn = Withdrawn
consent-since = since { $when }
tabs-label = Pages of this person
labs-title = Labs
drugs-title = Drugs
documents-title = Images, documents
access-title = Who looked
strip-title = Holders
group-care = Home nursing and care
lane-acts = Visits, stays, drugs
lane-reports = Labs, images, documents
lanes-pick = Choose lanes
lanes-show = Show these
lanes-papers = Documents and care
bar-supply = { $n } drugs, { $days } days
tell-stands = Unknown — its feed has stood still since { $since }
unknown-of = Unknown: { $names }
unknown-many = { $n } facilities unknown: { $names } and others
unknown-index = Other facilities: unknown (the index cannot be read)
unread-some = { $n } records could not be read; what they say is unknown
legend-stroke = Home visit, day care
legend-bar = Stay, days supplied
side-problems = Problems
side-drugs = Current drugs
side-labs = Abnormal labs
side-all = All
side-more = { $n } more
side-no-list = 0 lists received; what they would say is unknown
suspected =  (suspected)
period-quarter = 3 months
period-year = 1 year
period-two-years = 2 years
period-all = All
labs-count = { $n } tests, { $m } results
labs-zero = 0 lab results received
labs-more = { $n } more tests, in the table below.
labs-normal = Reference range
labs-range = ref. { $range }
labs-cut = { $n } older results are not drawn
labs-rule = One line holds only results with the same standard code and the same unit. Values are never converted.
labs-table = Results as a table
labs-table-lead = newest { $n } days
apart-code = Same name, other code: a line of its own
apart-unit = Same test, other unit: a line of its own
col-test = Test
col-range = Reference
drugs-count = { $n } current ingredients, { $m } in this period
drugs-zero = 0 prescriptions and dispensings received for this period
drugs-rule = Products are one ingredient by their YJ code, or by their name without strength and form. Doubles hidden behind a brand name without a code are not found.
drugs-table = Prescriptions as a table
drugs-table-lead = newest of each facility; the product opens the usage as it was sent
drug-double = Double
drug-overlap = Overlap
drug-gap = Gap
span-days = { $days } days, { $from }–{ $to }
drug-now = current
drug-past = past
drug-as-needed = days not told
drug-left = { $days } days left
drug-ended = until { $when }
drug-prescribed = Rx
drug-dispensed = given
legend-supply = Days supplied
legend-left = What is left
legend-double = Double, overlap
col-ingredient = Ingredient
col-left = At hand
col-product = Product, dose
col-usage = Usage as sent
col-from = First day
col-to = Last day
documents-count = { $n } items
documents-rule = Nothing is loaded before it is opened. Opening it is logged.
file-open = Open in a new window
file-picture = Picture of the document
access-count = { $n } entries
access-lead = Opening this list is logged as well. The patient's list shows no staff numbers.
access-sheet = List for the patient
access-zero = 0 entries about this person in this facility's log
access-more = Older entries are not shown here.
access-emergency = { $n } emergency looks
back-to-access = Back to who looked
col-day = Day
col-time = Time
col-deed = What
col-staff = Staff
col-purpose = Purpose
col-kinds = Kinds
staff-node = automatic
kinds-all = All kinds
purpose-referral = Referral
purpose-emergency = Emergency
purpose-disaster = Disaster
purpose-care-plan = Care plan
purpose-patient = Patient's request
deed-looked = Looked at records
deed-list = Looked at this list
deed-found = Found in a search
deed-asked = Asked another facility
deed-got = Got records
deed-gave = Gave records
deed-refused = Refused
deed-consent = Recorded consent
deed-linked = Checked identity
deed-dropped = Dropped copies
sheet-title = Who looked at your records
sheet-honorific = { "" }
sheet-period = { $from } to { $to }
sheet-count = { $n } times, { $m } places
sheet-print = Print it with your browser on A4.
sheet-urgent = Looked at in an emergency: { $n } times
sheet-urgent-text = This facility checks afterwards that it was right.
sheet-day = Day
sheet-time = Time
sheet-place = Where
sheet-what = What
sheet-why = Why
sheet-note = If something looks wrong, tell the reception desk. Other places give you a list of who looked there.
sheet-sealed = The log behind this list cannot be changed or deleted
plain-looked = Looked at your records
plain-asked = We asked there for your records
plain-got = Records came from there to us
plain-gave = We gave records there
plain-refused = They asked; we did not give records
plain-consent = Wrote down your consent
plain-kept = Tidied records
plain-treatment = For your treatment
plain-referral = For a referral
plain-emergency = To help in an emergency
plain-care-plan = To plan your care
plain-your-word = Because you asked
plain-visit = visits
plain-drug = medicines
plain-lab = tests
plain-disease = diagnoses
plain-allergy = allergies
plain-image = pictures
plain-paper = papers
plain-care = care notes
plain-other = others
purpose-quality = Quality
purpose-health = Public health
purpose-research = Research
plain-research = To study how care can be better
unknown-count = { $n } other facilities: unknown
found-birth = Looked for people born { $date }
plain-unsaid = Not written down
