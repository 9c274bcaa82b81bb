/* The table of commands: everything the program can do stands here once, and parsing, help, the man
 * page and the completions are made from it. */
#include "cli/cli.h"

const th_cli_option th_cli_globals[] = {
    {"data", 0, "DIR",
     "data directory (default: $TRIALHEAD_DATA, else trialhead in the XDG data directory)", NULL},
    {"json", 0, NULL, "answer as JSON, for programs", NULL},
    {"quiet", 'q', NULL, "no progress and no notices", NULL},
    {"help", 'h', NULL, "what the command does, with examples", NULL},
    {"version", 'V', NULL, "the program's version", NULL},
    {0},
};

const char *const th_cli_exits[] = {
    "done",
    "nothing found",
    "wrong usage",
    "some or all of the input is not what it should be",
    "the system or the data directory failed",
    NULL,
};

static const th_cli_option import_options[] = {
    {"threads", 't', "N", "worker threads (default: one a processor)", NULL},
    {0},
};
static const th_cli_example import_examples[] = {
    {"trialhead import studies.ndjson.zst", "Take in a file of records, packed or not"},
    {"trialhead import ctg-studies.json.zip legacy.xml.gz",
     "JSON and the registry's older XML, told apart by what is inside"},
    {"curl -s 'https://clinicaltrials.gov/api/v2/studies?query.cond=asthma' | trialhead import -",
     "A page of the registry's own API"},
    {0},
};

static const th_cli_option export_options[] = {
    {"output", 'o', "FILE", "write to FILE instead of standard output", NULL},
    {"exact", 0, NULL,
     "keep line ends inside of records: then the output is JSON texts one after "
     "another, not NDJSON",
     NULL},
    {0},
};
static const th_cli_example export_examples[] = {
    {"trialhead export -o studies.ndjson", "All studies, each record as it came"},
    {"trialhead export NCT00000102 | jq .", "One of them"},
    {0},
};

#define STATUSES                                                                                   \
  "recruiting not_yet_recruiting open active_not_recruiting completed enrolling_by_invitation "    \
  "suspended terminated withdrawn unknown available no_longer_available "                          \
  "temporarily_not_available approved_for_marketing"
#define DATES "as yyyy, yyyy-MM or yyyy-MM-dd; FROM.., ..TO or FROM..TO"

/* What to look for: options of every command that searches. */
#define WHERE_OPTIONS                                                                              \
  {"cond", 0, "TEXT", "words for the condition or disease", NULL},                                 \
      {"intr", 0, "TEXT", "words for the intervention or treatment", NULL},                        \
      {"term", 0, "TEXT", "words anywhere, as the operands", NULL},                                \
      {"accepts", 0, "NAME=VALUE",                                                                 \
       "no study whose criteria surely leave out this value (creatinine=1.8 mg/dL, ecog=2, "       \
       "age=0.5); may be given several times",                                                     \
       NULL},                                                                                      \
      {"titles", 0, "TEXT", "words of a title or the acronym", NULL},                              \
      {"locn", 0, "TEXT", "words of a place", NULL},                                               \
      {"spons", 0, "TEXT", "words of a sponsor or collaborator", NULL},                            \
      {"lead", 0, "TEXT", "words of the lead sponsor's name", NULL},                               \
      {"outc", 0, "TEXT", "words of an outcome measure", NULL},                                    \
      {"id", 0, "TEXT", "a study's number of any kind", NULL},                                     \
      {"patient", 0, "TEXT", "words that describe a patient", NULL},                               \
      {"status", 0, "LIST",                                                                        \
       "recruitment status: recruiting, open (also not yet recruiting), completed "                \
       "and so on",                                                                                \
       STATUSES},                                                                                  \
      {"phase", 0, "LIST", "early, 1, 2, 3, 4, na", "early 1 2 3 4 na"},                           \
      {"type", 0, "LIST", "interventional, observational, expanded_access",                        \
       "interventional observational expanded_access"},                                            \
      {"age", 0, "AGE", "an age the study takes (45, '6 months'), or child, adult, older",         \
       "child adult older"},                                                                       \
      {"sex", 0, "SEX", "female or male, each with the studies open to all; or all",               \
       "female male all"},                                                                         \
      {"healthy", 0, "YES", "takes healthy volunteers: yes or no", "yes no"},                      \
      {"near", 0, "PLACE", "has a site near: a place by name ('Boston, MA'), or LAT,LON[,RADIUS]", \
       NULL},                                                                                      \
      {"within", 0, "RADIUS", "how far from --near, in mi or km (default: 50km)", NULL},           \
      {"country", 0, "LIST", "has a site there", NULL},                                            \
      {"state", 0, "LIST", "has a site there", NULL},                                              \
      {"city", 0, "LIST", "has a site there", NULL},                                               \
      {"condition", 0, "LIST", "has exactly this condition", NULL},                                \
      {"intervention", 0, "LIST", "has exactly this intervention", NULL},                          \
      {"sponsor", 0, "LIST", "has exactly this sponsor or collaborator", NULL},                    \
      {"funder", 0, "LIST", "nih, fed, industry, network, indiv, other_gov, other",                \
       "nih fed industry network indiv other_gov other"},                                          \
      {"results", 0, "WITH", "with or without posted results", "with without"},                    \
      {"start", 0, "DATES", "starts in this time: " DATES, NULL},                                  \
      {"completion", 0, "DATES", "is completed in this time", NULL},                               \
      {"posted", 0, "DATES", "was first posted in this time", NULL},                               \
      {"updated", 0, "DATES", "was last updated in this time", NULL}, {                            \
    "ids", 0, "LIST", "is one of these NCT numbers", NULL                                          \
  }

static const th_cli_option search_options[] = {
    {"count", 'n', "K", "how many studies to list (default: 10)", NULL},
    {"from", 0, "I", "how many to pass over first", NULL},
    {"sort", 0, "ORDER",
     "relevance, newest, updated, start, enrollment, distance (with --near), or "
     "a field's name with :asc or :desc",
     "relevance newest updated start enrollment distance"},
    WHERE_OPTIONS,
    {0},
};
static const th_cli_option facets_options[] = {
    {"by", 'b', "LIST",
     "fields to count by: enums, names (LocationCountry:20), dates (StartDate:year, :month), "
     "numbers and ages (EnrollmentCount:0-50-100); default: the usual ones",
     NULL},
    WHERE_OPTIONS,
    {0},
};
static const th_cli_example facets_examples[] = {
    {"trialhead facets --cond asthma", "How studies of asthma spread over the usual fields"},
    {"trialhead facets --status recruiting -b Phase,LocationCountry:10,StartDate:year",
     "Three fields of all that recruit"},
    {0},
};
static const th_cli_option complete_options[] = {
    {"count", 'n', "K", "names of a kind (default: 10)", NULL},
    {"kinds", 0, "LIST",
     "condition, intervention, keyword, sponsor, country, state, city, facility, word (default: "
     "all)",
     "condition intervention keyword sponsor country state city facility word"},
    {"spelling", 0, NULL, "instead: the text with words that no study has mended", NULL},
    {0},
};
static const th_cli_example complete_examples[] = {
    {"trialhead complete breast c", "Names of the studies that may become of it"},
    {"trialhead complete --spelling hypertenson", "What may have been meant"},
    {0},
};
static const th_cli_option changes_options[] = {
    {"since", 's', "SEQ", "only changes behind this number (default: 0)", NULL},
    {"count", 'n', "K", "how many to list (default: 100)", NULL},
    {"records", 0, NULL, "with --json: each version with its record", NULL},
    {0},
};
static const th_cli_example changes_examples[] = {
    {"trialhead changes --since 500 --json", "What came in or went behind change 500"},
    {0},
};
static const th_cli_example mcp_examples[] = {
    {"trialhead mcp --data /srv/trialhead", "The command that an assistant's settings name"},
    {0},
};

static const th_cli_example search_examples[] = {
    {"trialhead search migraine prevention", "The ten best studies for some words"},
    {"trialhead search --cond '\"heart failure\"' --status open --phase 3 -n 20",
     "A phrase in the condition, only phase 3, recruiting now or soon"},
    {"trialhead search --cond asthma --age '8 years' --near 'Boston, MA' --within 50mi --sort "
     "distance",
     "Near a place, for a child"},
    {"trialhead search --cond 'breast cancer' --accepts ecog=2 --accepts 'creatinine=1.8 mg/dL'",
     "What criteria do not rule out"},
    {"trialhead search --json 'aspirin AND (stroke OR infarction) NOT bleeding' | jq .total",
     "An expression, for a program"},
    {0},
};

static const th_cli_option show_options[] = {
    {"at", 0, "N", "version N instead of the newest", NULL},
    {"history", 0, NULL, "list the versions instead", NULL},
    {0},
};
static const th_cli_example show_examples[] = {
    {"trialhead show NCT00000102", "Read a study"},
    {"trialhead show --json NCT00000102 > study.json", "The record, byte for byte"},
    {"trialhead show --history NCT00000102", "What became of it"},
    {0},
};

static const th_cli_option eligibility_options[] = {
    {"file", 0, "FILE", "read the criteria from a text file instead (-: standard input)", NULL},
    {0},
};
static const th_cli_example eligibility_examples[] = {
    {"trialhead eligibility NCT00000102", "What was read of a study's criteria"},
    {"trialhead eligibility --json --file criteria.txt | jq '.criteria[].facts'",
     "Criteria of your own, as JSON"},
    {0},
};

static const th_cli_option patient_options[] = {
    {"note", 0, NULL, "it is a note, whatever it looks like", NULL},
    {"as-of", 0, "DATE", "the day that ages and times are counted from (default: today)", NULL},
    {0},
};
static const th_cli_example patient_examples[] = {
    {"trialhead patient bundle.json --as-of 2026-03-01", "A FHIR record, on a given day"},
    {"echo '58 yo woman with HTN, denies smoking. Creatinine 1.4.' | trialhead patient -",
     "A few words of a note"},
    {0},
};

static const th_cli_option cohort_options[] = {
    {"patients", 0, "PATH", "a file or a folder of patients (-: standard input)", NULL},
    {"trial", 0, "LIST", "studies by their NCT numbers, each criterion by criterion", NULL},
    {"criteria", 0, "FILE", "instead: criteria of your own, as text", NULL},
    {"all", 0, NULL, "instead: all studies, or with filters those that they let through", NULL},
    {"as-of", 0, "DATE", "the day that ages and times are counted from (default: today)", NULL},
    {"presume", 0, "WHAT",
     "what is taken for granted: none, consent (default), or silence (what a full record would "
     "have mentioned)",
     "none consent silence"},
    {"count", 'n', "K", "with --all: how many studies to list (default: 20)", NULL},
    {"list", 0, "N",
     "also name up to N patients who could join each study by their ids, the likely ones first",
     NULL},
    {"save", 0, "FILE",
     "keep what was read of the patients in FILE, which --patients then takes: it opens at once",
     NULL},
    {"threads", 't', "N", "worker threads (default: one a processor)", NULL},
    WHERE_OPTIONS,
    {0},
};
static const th_cli_example cohort_examples[] = {
    {"trialhead cohort --patients bundles/ --trial NCT00000102",
     "How many of the patients of a folder could join a study, step by step"},
    {"trialhead cohort --patients export/ --all --status recruiting --cond asthma",
     "The studies of asthma that recruit, those that most could join first"},
    {"trialhead cohort --patients patients.ndjson.zst --criteria draft.txt --json",
     "Which of your own criteria costs most"},
    {"trialhead cohort --patients export/ --all --save patients.cohort",
     "Read the patients once; later --patients patients.cohort"},
    {"trialhead cohort --patients export/ --trial NCT00000102 --list 50",
     "Fifty who could join, and what each would have to be asked"},
    {0},
};

static const th_cli_option serve_options[] = {
    {"listen", 'l', "HOST:PORT", "where to listen (default: 127.0.0.1:8080; port 0: a free one)",
     NULL},
    {"threads", 't', "N", "threads that answer (default: one a processor)", NULL},
    {"public-url", 0, "URL",
     "the address the world sees, for links in pages (default: what requests name)", NULL},
    {"log", 0, NULL, "a line a request on standard error, without what was searched for", NULL},
    {"max-connections", 0, "N", "open at once (default: 4000); near it the longest idle are closed",
     NULL},
    {"max-url", 0, "BYTES", "longest request target (default: 16384)", NULL},
    {"max-headers", 0, "N", "header fields of a request (default: 64)", NULL},
    {"max-answer", 0, "MIB", "longest answer held in memory (default: 512)", NULL},
    {"request-time", 0, "SECONDS", "a whole request must be in (default: 30)", NULL},
    {"answer-time", 0, "SECONDS", "an answer must be taken (default: 300)", NULL},
    {"sync-every", 0, "TIME", "mirror a registry beside answering, so often: 30m, 24h, 7d", NULL},
    {"sync-from", 0, "URL", "from here (default: https://clinicaltrials.gov/api/v2)", NULL},
    {"sync-where", 0, "EXPRESSION", "only studies that match", NULL},
    {"sync-contact", 0, "ADDRESS", "how to reach you, for the User-Agent", NULL},
    {"sync-ca", 0, "FILE", "certificates (PEM) to trust instead of the system's", NULL},
    {0},
};
static const th_cli_example serve_examples[] = {
    {"trialhead serve", "Pages and API on this machine"},
    {"trialhead serve --sync-every 24h", "A mirror of ClinicalTrials.gov that keeps itself up"},
    {"trialhead serve --listen 127.0.0.1:0", "On a free port; the first line says which"},
    {0},
};

static const th_cli_option sync_options[] = {
    {"from", 0, "URL", "the upstream's API v2 (default: https://clinicaltrials.gov/api/v2)", NULL},
    {"where", 0, "EXPRESSION", "only studies that match, as in filter.advanced", NULL},
    {"dry-run", 0, NULL, "ask how much there is to do, and write nothing", NULL},
    {"full", 0, NULL, "compare all ids, too: finds studies that vanished, were merged or missed",
     NULL},
    {"whole", 0, NULL, "read everything again, as the first time", NULL},
    {"paging", 0, NULL, "page by page, also where the upstream has a download", NULL},
    {"allow-removals", 0, NULL, "remove what is gone also when it is more than a fiftieth", NULL},
    {"pause", 0, "MS", "milliseconds between two requests (default: 1000)", NULL},
    {"timeout", 0, "SECONDS", "for one answer; of a download, without progress (default: 300)",
     NULL},
    {"tries", 0, "N", "of one request, before the run is given up (default: 6)", NULL},
    {"page-size", 0, "N", "studies a page, at most 1000 (default: 1000)", NULL},
    {"contact", 0, "ADDRESS", "how to reach you, for the User-Agent that the upstream sees", NULL},
    {"ca", 0, "FILE", "certificates (PEM) to trust instead of the system's", NULL},
    {0},
};
static const th_cli_example sync_examples[] = {
    {"trialhead sync", "Mirror ClinicalTrials.gov; the next time, what has changed"},
    {"trialhead sync --where 'AREA[OverallStatus]RECRUITING AND AREA[LocationCountry]France'",
     "A part of it"},
    {"trialhead sync --from http://127.0.0.1:8080 --dry-run", "What another Trialhead has for us"},
    {0},
};

static const th_cli_option index_options[] = {
    {"rebuild", 0, NULL, "make the index anew from the store; the old one answers until then",
     NULL},
    {"merge", 0, NULL, "merge it into one segment", NULL},
    {0},
};
static const th_cli_example index_examples[] = {
    {"trialhead index --rebuild", "Make the index anew"},
    {0},
};

static const th_cli_option check_options[] = {
    {"deep", 0, NULL, "unpack every record and decode the whole index", NULL},
    {0},
};
static const th_cli_example check_examples[] = {
    {"trialhead check --deep", "After a disk failure"},
    {0},
};

static const th_cli_option demo_options[] = {
    {"studies", 0, "N", "how many studies (default: 2000)", NULL},
    {"patients", 0, "N", "instead: so many made-up patients, as forms", NULL},
    {"fhir", 0, NULL, "with --patients: as FHIR R4 Bundles", NULL},
    {"seed", 0, "S", "other numbers give other records (default: 1)", NULL},
    {"output", 'o', "FILE", "write to FILE instead of standard output", NULL},
    {0},
};
static const th_cli_example demo_examples[] = {
    {"trialhead demo --studies 500 --seed 7 | trialhead import -", "Try the program without data"},
    {"trialhead demo --patients 100000 -o patients.ndjson", "Patients for trialhead cohort"},
    {0},
};

static const th_cli_option help_options[] = {
    {"man", 0, NULL, "the man page, as roff", NULL},
    {"completion", 0, "SHELL", "the completion script of a shell: bash, zsh or fish",
     "bash zsh fish"},
    {0},
};
static const th_cli_example help_examples[] = {
    {"trialhead help --man | man -l -", "Read the man page"},
    {"source <(trialhead help --completion bash)", "Complete commands and options in this bash"},
    {0},
};

static const th_cli_option vocabulary_options[] = {
    {"name", 0, "NAME", "call the imported vocabulary so (default: what the file says)", NULL},
    {"edition", 0, "TEXT", "its version, when the file does not say one", NULL},
    {"licence", 0, "TEXT", "under which it may be used, when the file does not say", NULL},
    {"kind", 0, "KIND", "what it holds, when that cannot be told",
     "condition drug procedure device organism gene other"},
    {0},
};
static const th_cli_example vocabulary_examples[] = {
    {"trialhead vocabulary import doid.obo drugbank_vocabulary.csv", "Two vocabularies"},
    {"trialhead vocabulary lookup heart attack", "What else it is called, and who says so"},
    {"trialhead vocabulary lookup MESH:D009203", "What a code stands for"},
    {0},
};

static const th_cli_option match_options[] = {
    {"note", 0, NULL, "the patient is a clinical note, as plain text", NULL},
    {"fhir", 0, NULL, "the patient is a FHIR bundle", NULL},
    {"form", 0, NULL, "the patient is a form, as JSON (default: told apart by content)", NULL},
    {"notes", 0, "FILE", "many notes: lines {\"_id\": \"…\", \"text\": \"…\"}", NULL},
    {"as-of", 0, "DATE", "the day that ages and times are counted from (default: today)", NULL},
    {"order", 0, "ORDER",
     "relevance (default), or eligible: what a criterion excludes behind all others",
     "relevance eligible"},
    {"presume", 0, "WHAT",
     "what is taken for granted: none, consent, or silence (what a full note would have "
     "mentioned; default: silence for notes, else consent)",
     "none consent silence"},
    {"count", 'n', "K", "how many studies to list a patient (default: 10; 1000 with --format trec)",
     NULL},
    {"format", 0, "FORM", "text, or trec: lines of topic, Q0, NCT number, rank, score, tag",
     "text trec"},
    {"topic", 0, "ID", "what the patient is called in the output", NULL},
    {"threads", 't', "N", "worker threads for --notes (default: one a processor)", NULL},
    {"pairs", 0, "FILE",
     "judge single criteria: lines {\"id\", \"note\", \"kind\", \"criterion\"} (-: standard input)",
     NULL},
    WHERE_OPTIONS,
    {0},
};
static const th_cli_example match_examples[] = {
    {"trialhead match letter.txt --order eligible --status recruiting",
     "Ten studies for the patient of a letter, those that exclude the patient last"},
    {"trialhead match bundle.json --near 42.36,-71.06,50mi --json", "The same of a FHIR record"},
    {"trialhead match --notes notes.jsonl --format trec > run", "A run over a collection of notes"},
    {"trialhead match --pairs pairs.jsonl --json", "A verdict for each pair of note and criterion"},
    {0},
};

const th_cli_command th_cli_commands[] = {
    {"import", "Take study records into the data directory", "FILE\xE2\x80\xA6|-", 1, -1,
     "Understands API v2 JSON (a record, an array, a page, NDJSON), legacy XML, and zip archives "
     "of "
     "either, plain or packed with gzip or zstd, told apart by content. A record that is there "
     "already is left alone; a changed one becomes a new version and the old one is kept. A bad "
     "record is named, the rest goes on, and the exit code is 3. What was stored stays stored, "
     "whatever happens then.",
     import_options, import_examples, true, th_cmd_import},
    {"search", "Find studies", "[WORD\xE2\x80\xA6]", 0, -1,
     "Words, \"phrases\", AND, OR, NOT and parentheses. Options with TEXT look into one part of "
     "the "
     "record and take part in ranking; the others filter. In a LIST, values separated by commas "
     "are alternatives. All conditions must hold.",
     search_options, search_examples, false, th_cmd_search},
    {"facets", "Count the studies of a search by field", "[WORD\xE2\x80\xA6]", 0, -1,
     "Looks for studies as search does, and counts the values of fields in them. A study counts "
     "once for a value.",
     facets_options, facets_examples, false, th_cmd_facets},
    {"complete", "Complete names, mend spelling", "[WORD\xE2\x80\xA6]", 0, -1,
     "Conditions, interventions, sponsors, places and words of the studies that begin with the "
     "text, or in which a word does, with the number of studies.",
     complete_options, complete_examples, false, th_cmd_complete},
    {"show", "Show a study", "NCT\xE2\x80\xA6", 1, -1,
     "A readable page; with --json the record exactly as it was stored.", show_options,
     show_examples, false, th_cmd_show},
    {"eligibility", "Read eligibility criteria into logic", "[NCT\xE2\x80\xA6]", 0, -1,
     "Sections, items and how they combine, and in each item the facts that a program can decide, "
     "with the bytes they were read from. What was not understood stands as text without facts.",
     eligibility_options, eligibility_examples, false, th_cmd_eligibility},
    {"patient", "Show what is read of a patient's record", "FILE|-", 1, 1,
     "A FHIR record (Bundle, International Patient Summary, lines of resources), the small JSON "
     "form, or a clinical note in English, told apart by content. One line a fact: what is denied, "
     "suspected, past or of relatives is said so; what was not read is counted and named. Nothing "
     "of it is stored or logged. With a data directory its dictionary of concepts is used.",
     patient_options, patient_examples, true, th_cmd_patient},
    {"match", "Find studies for a patient, with a verdict on each criterion", "[PATIENT|-]", 0, 1,
     "The patient is a clinical note (English), a FHIR bundle or a form as JSON, told apart by "
     "content. Lists the studies that are about what the record tells, how many of their criteria "
     "the patient meets, which one excludes, and what to ask next. Options that search also takes "
     "narrow the studies down. A study without obstacle is a possible one, never a sure one: what "
     "the record does not say stays open. Nothing of the record is logged or written.",
     match_options, match_examples, true, th_cmd_match},
    {"cohort", "Count the patients who could join studies", NULL, 0, 0,
     "Reads many patients (FHIR Bundles, a FHIR bulk export, or the small JSON form; files, "
     "folders, NDJSON, plain or packed) and judges each as match does: how many each criterion "
     "excludes, how many are left behind it, and how many it alone keeps out. A record that "
     "cannot be read is named, the rest goes on, and the exit code is 3. The deceased do not "
     "count. Nothing of the patients is logged, and nothing written but with --save.",
     cohort_options, cohort_examples, false, th_cmd_cohort},
    {"serve", "Serve pages and the API over HTTP", NULL, 0, 0,
     "The first line on standard output is the address. Imports may run beside it: it takes over "
     "each "
     "new state of the index by itself. SIGTERM and SIGINT end it when the requests under way are "
     "answered.",
     serve_options, serve_examples, false, th_cmd_serve},
    {"mcp", "Serve the registry to assistants over standard input and output", NULL, 0, 0,
     "Speaks the Model Context Protocol: one message a line. Standard output carries nothing else.",
     NULL, mcp_examples, false, th_cmd_mcp},
    {"changes", "List what came in and went, in order", NULL, 0, 0,
     "Every new version of a study and every removal has a number, without gaps. A --since beyond "
     "the last one is an error.",
     changes_options, changes_examples, false, th_cmd_changes},
    {"export", "Write the stored records as NDJSON", "[NCT\xE2\x80\xA6]", 0, -1,
     "The newest version of each study by ascending number, or of the studies named. Each record "
     "has the bytes it came with.",
     export_options, export_examples, false, th_cmd_export},
    {"sync", "Mirror a registry that speaks API v2", NULL, 0, 0,
     "The first time everything is read, by download or page by page; then what was updated since, "
     "with two days of overlap, and once a week all ids are compared. A study is removed only when "
     "the upstream itself says that it is gone or merged; its versions are kept. A run that was "
     "killed goes on where it was. The exit code is 3 when records were rejected or the upstream's "
     "answers are not what they should be, 4 when it cannot be reached.",
     sync_options, sync_examples, false, th_cmd_sync},
    {"index", "Bring the search index up to date, or make it anew", NULL, 0, 0,
     "Import does this by itself. The index is made from the store and can be thrown away.",
     index_options, index_examples, false, th_cmd_index},
    {"vocabulary", "Teach it what things are called",
     "import FILE\xE2\x80\xA6 | list | remove NAME\xE2\x80\xA6 | lookup WORD\xE2\x80\xA6", 1, -1,
     "Searches also find what a term is otherwise called: from the records themselves, and from "
     "vocabularies that are imported. Understands OBO, OBO Graphs JSON, MeSH XML and trees, SSSOM "
     "and tables with a column of names, plain or packed with gzip, zstd or zip, told apart by "
     "content. A bad entry is named, the rest goes on, and the exit code is 3.",
     vocabulary_options, vocabulary_examples, true, th_cmd_vocabulary},
    {"check", "Verify store and index", NULL, 0, 0,
     "Says what is wrong, one problem a line; the exit code is 4 when there is one.", check_options,
     check_examples, false, th_cmd_check},
    {"stats", "Say what is in the data directory", NULL, 0, 0, NULL, NULL, NULL, false,
     th_cmd_stats},
    {"demo", "Write made-up studies or patients", NULL, 0, 0,
     "The records look like those of a registry but are invented, and say so in their "
     "sponsor, summary and keywords; made-up patients say so, too. They come as NDJSON, one record "
     "a line. The same number and "
     "seed give the same bytes on every machine; record I of a seed does not depend on how many "
     "are "
     "asked for.",
     demo_options, demo_examples, false, th_cmd_demo},
    {"version", "Say which version this is", NULL, 0, 0, NULL, NULL, NULL, false, th_cmd_version},
    {"help", "Explain a command, or list them all", "[COMMAND]", 0, 1, NULL, help_options,
     help_examples, false, th_cmd_help},
    {0},
};
