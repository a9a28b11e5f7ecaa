"""Words that tell that a name comes next, came before, or is part of one. All lower case."""

from __future__ import annotations

from interlock.sensitivity.names.wording import words_of

TITLES = words_of(
    """
    mr mrs ms miss mister dr drs doctor prof professor rev reverend father pastor rabbi imam sir dame lord lady madam
    mx sra sr srta señor señora señorita herr frau monsieur madame mme mlle fr hon judge justice senator sen
    congressman congresswoman rep governor gov mayor president capt captain col colonel lt lieutenant sgt sergeant maj
    gen general cpl cdr officer detective det nurse rn lpn np pa crna cna pharmd dra mevrouw mevr meneer dhr frk
    fru dep deputy
    inspector insp sheriff ofc trooper
    fröken
    signor signora signorina sig dottor dottoressa dott senhor senhora docteur shri smt kumari pani
    """
)
"""Before a name. Those that are ordinary words count only when a name follows that could be one."""

PLAIN_TITLES = words_of(
    """
    mr mrs ms mister dr drs prof rev sra srta señor señora señorita herr frau monsieur madame mme mlle mx dra capt sgt
    mevrouw mevr meneer dhr fru fröken dep ofc insp signor signora signorina dottor dottoressa dott senhor senhora
    docteur shri smt
    """
)
"""Those that are nothing but titles: whatever capitalised word follows is a name."""

CREDENTIALS = words_of(
    """
    md do rn np pa phd dds dmd dvm pharmd lpn msn bsn dnp cnm crna facs facc facp mph mbbs mbchb frcp frcs jd esq cpa
    rph lcsw lmft psyd rdn dpt otr msw mba aprn fnp pac dpm dc od edd cna ma bs ms lvn rrt
    """
)
SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})

PARTICLES = words_of(
    """
    van von der den de la las los del della di da dos das do du le ten ter te zu zum zur af av al el ibn bin bint ben
    abu y e van't 't st mac mc san
    """
)

KIN = words_of(
    """
    husband wife spouse partner son daughter mother father brother sister mom mum dad mommy daddy uncle aunt auntie
    cousin nephew niece grandson granddaughter grandmother grandfather grandma grandpa granny stepson stepdaughter
    stepmother stepfather fiance fiancé fiancee fiancée boyfriend girlfriend friend roommate neighbor neighbour
    caregiver caretaker guardian child baby infant twin mother-in-law father-in-law sister-in-law brother-in-law
    son-in-law daughter-in-law colleague coworker boss kid boy girl widow widower godmother godfather classmate
    schoolmate teammate playmate housemate flatmate sibling grandchild stepfather
    stepbrother stepsister aide carer caseworker chaperone
    """
)

ROLES = words_of(
    """
    patient pt client resident member subject applicant claimant employee customer attending physician provider surgeon
    nurse doctor therapist counselor counsellor psychologist psychiatrist pharmacist dentist cardiologist oncologist
    neurologist pediatrician paediatrician radiologist pathologist dermatologist urologist gynecologist hospitalist
    anesthesiologist specialist consultant practitioner midwife technician tech clinician pcp proxy beneficiary
    dependent subscriber policyholder guarantor insured payee payer holder cardholder owner author director singer
    actor actress writer poet novelist artist painter composer producer commenter guitarist drummer bassist vocalist
    host presenter founder ceo cfo cto manager supervisor chairman chairwoman president secretary coordinator contact
    user username agent analyst engineer lawyer attorney witness victim suspect defendant plaintiff student teacher
    tutor coach player rapper comedian journalist reporter editor photographer interpreter translator sender recipient
    passenger tenant landlord caller operator interviewer interviewee speaker intern fellow pi investigator preceptor
    scribe sw chaplain deputy medic paramedic emt dispatcher registrar sonographer dietitian dietician locum trainee cna
    phlebotomist optometrist chiropractor podiatrist hygienist surveyor decedent deceased clinician prescriber
    informant complainant respondent petitioner appellant estate signatory notary
    """
)

CALLS = words_of(
    """
    named called name names surname surnamed nicknamed alias aka née nee dear hi hello hey hiya dearest attn attention
    cc bcc signed sincerely regards cheers thanks thx ty signature dictated transcribed authored interviewed reviewed
    prescribed referred seen examined evaluated performed ordered approved verified authenticated collected entered
    reported accompanied escorted assisted supervised starring featuring feat ft met meet told tell asked ask emailed
    email texted text paged page contacted phoned notified notify informed inform consulted spoke says said saying
    married divorced mrn'd greeted thanked thank introduced introducing d/w per regarding ref ex
    """
)
"""What is capitalised after one of these, or after one of them and a preposition, is mostly somebody."""

LINKS = words_of("by with to for of is was and or & are as at re about under than between me does did")
"""What may stand between one of the words above and the name."""

FIELDS = words_of(
    """
    name names patient patientname pt client provider physician attending surgeon nurse doctor from to cc bcc attn
    author signed signature by user username contact guardian spouse mother father member subscriber guarantor insured
    employee customer holder cardholder recipient sender resident referring pcp consultant kin dictated transcribed
    applicant owner assignee reporter witness caller agent firstname lastname fullname surname first last middle maiden
    alias given family beneficiary payee
    """
)
"""Before a colon they are the name of a field that holds a name."""

SAYS = words_of(
    """
    added argued insisted claimed confirmed mentioned suggested warned joked sighed nods smiles thanked drove drives
    brought takes took ran runs walked visited called calls phoned emailed texted fell falls slept ate drank
    said says say asked asks told tells shouted shouts whispered replied answered explained explains noted notes stated
    states reported reports denied denies complains complained presents presented presenting lives lived works worked
    is was has had will would can could should may might must did does wants wanted needs needed likes liked loves
    loved thinks thought feels felt knows knew came comes went goes gave given got gets called calls just who whose
    whom listed spent wrote writes directed sang sings played plays arrived underwent received started stopped returned
    moved recommended prescribed ordered advised agreed refused signed declined requested tolerated weighed continues
    remains appeared appears seemed seems became grew born died smiled nodded laughed isn't wasn't hasn't doesn't
    didn't won't hadn't can't
    """
)
"""What a person does: the word after a name."""

AFTER_NAME = words_of("mrn dob age aged born dod ssn male female yo y/o m f he she his her")
"""What stands after a name and a comma or bracket in a record."""
