#include "demo/plan.h"

const demo_condition demo_conditions[] = {
#define CONDITION(name, brief, keywords, mesh, ancestors, field, in, ex, outcomes, treatments)     \
  {name, brief, keywords, mesh, ancestors, field, in, ex, outcomes, treatments},
#include "demo/conditions.def"
#undef CONDITION
};
const unsigned demo_n_conditions = TH_COUNT(demo_conditions);

const demo_city demo_cities[] = {
#define CITY(name, state, zip, country, lat, lon) {name, state, zip, country, lat, lon},
#include "demo/cities.def"
#undef CITY
};
const unsigned demo_n_cities = TH_COUNT(demo_cities);

const demo_sponsor demo_sponsors[] = {
    {"University of Northfield (made up)", "OTHER"},
    {"Harrowgate Medical School (made up)", "OTHER"},
    {"St. Elmo University Hospital (made up)", "OTHER"},
    {"Lindenau Institute of Clinical Research (made up)", "OTHER"},
    {"Westbrook Children's Hospital (made up)", "OTHER"},
    {"Karst Valley Health System (made up)", "OTHER"},
    {"Institut de la Rive Claire (made up)", "OTHER"},
    {"Third Hospital of Lotus Province (made up)", "OTHER"},
    {"Universidade do Monte Verde (made up)", "OTHER"},
    {"Eastmere Foundation for Medicine (made up)", "OTHER"},
    {"Larkspur Pharma (made up)", "INDUSTRY"},
    {"Quillon Therapeutics, Inc. (made up)", "INDUSTRY"},
    {"Borealis Biologics AG (made up)", "INDUSTRY"},
    {"Tamarind Medical Devices (made up)", "INDUSTRY"},
    {"Oakfall Laboratories Ltd. (made up)", "INDUSTRY"},
    {"Saffron Bridge Oncology (made up)", "INDUSTRY"},
    {"Vesper Vaccines (made up)", "INDUSTRY"},
    {"National Institute of Demonstration (made up)", "NIH"},
    {"National Center for Example Research (made up)", "NIH"},
    {"Veterans Demonstration Administration (made up)", "FED"},
    {"Ministry of Health of Arcadia (made up)", "OTHER_GOV"},
    {"Northern Lights Cooperative Group (made up)", "NETWORK"},
    {"Meridian Trials Network (made up)", "NETWORK"},
    {"A. Example, MD (made up)", "INDIV"},
};
const unsigned demo_n_sponsors = TH_COUNT(demo_sponsors);

const demo_specialty demo_general = {
    "Able to understand and sign the informed consent form\n"
    "Women of childbearing potential must have a negative pregnancy test and use effective "
    "contraception until {1-6} months after the last dose\n"
    "Willing to attend all visits and to follow the schedule of the study\n"
    "Life expectancy of at least {6-24/6} months",
    "Pregnancy or breastfeeding\n"
    "Participation in another interventional study within {4-12/4} weeks\n"
    "Known hypersensitivity to {drug} or to any of its components\n"
    "Any condition that, in the investigator's opinion, makes participation unsafe\n"
    "Alcohol or drug abuse within {6-12/6} months\n"
    "Malignancy within {2-5} years, except treated basal cell carcinoma of the skin\n"
    "Major surgery within {4-8/4} weeks before enrollment or planned during the study\n"
    "Estimated GFR \\< {30-60/15} mL/min/1.73 m2\n"
    "ALT or AST \\> {2-5} times the upper limit of normal\n"
    "QTcF \\> {450-480/10} ms\n"
    "Hemoglobin \\< {80-100/10}/10 g/dL\n"
    "Positive test for HIV, hepatitis B surface antigen or hepatitis C antibody",
    "Number of Participants With Treatment-Emergent Adverse Events|Any new or worsening event "
    "after the first dose.|percentage of participants|P|512|61|0\n"
    "Change From Baseline in EQ-5D-5L Visual Analogue Scale|Score from 0 to 100, higher is "
    "better.|units on a scale|M|21|34|162\n"
    "Change From Baseline in SF-36 Physical Component Score|Norm-based score.|units on a "
    "scale|M|14|22|81\n"
    "Proportion of Participants Who Stopped Treatment Early|For any reason.|percentage of "
    "participants|P|142|21|0",
    "Headache|Nervous system disorders\nNausea|Gastrointestinal disorders\nFatigue|General "
    "disorders\n"
    "Diarrhoea|Gastrointestinal disorders\nDizziness|Nervous system disorders\n"
    "Nasopharyngitis|Infections and infestations\nBack pain|Musculoskeletal and connective tissue "
    "disorders\n"
    "Rash|Skin and subcutaneous tissue disorders\nUrinary tract infection|Infections and "
    "infestations",
};

const demo_specialty demo_specialties[DEMO_FIELDS] = {
    [ENDOCRINE] =
        {"Fasting C-peptide \\>= {5-8}/10 ng/mL",
         "Acute or chronic pancreatitis\nPersonal or family history of medullary thyroid "
         "carcinoma\nSystemic corticosteroids for more than {7-14/7} days within 3 months",
         "Change From Baseline in Body Weight|Measured at the study center.|kg|M|-8|-31|42\nChange "
         "From Baseline in Waist Circumference|Midway between rib and hip.|cm|M|-9|-28|51",
         "Hypoglycaemia|Metabolism and nutrition disorders\nVomiting|Gastrointestinal "
         "disorders\nDecreased appetite|Metabolism and nutrition disorders"},
    [CARDIO] =
        {"Stable cardiovascular treatment for at least {4-12/4} weeks",
         "Myocardial infarction, stroke or revascularization within {1-6} months\nHeart rate \\< "
         "{45-50/5} beats/min\nSerum potassium \\> {50-55}/10 mmol/L",
         "Change From Baseline in NT-proBNP|Central laboratory.|pg/mL|M|-410|-2210|4100\nMajor "
         "Adverse Cardiovascular Events|Cardiovascular death, myocardial infarction or "
         "stroke.|percentage of participants|P|81|-18|0",
         "Hypotension|Vascular disorders\nPalpitations|Cardiac disorders\nOedema "
         "peripheral|General disorders\nHyperkalaemia|Metabolism and nutrition disorders"},
    [NEURO] = {"A caregiver who can attend the visits, where needed\nNormal or clinically "
               "insignificant findings on brain MRI apart from the disease",
               "Other neurological disease that could explain the symptoms\nContraindication to "
               "MRI\nSuicidal behavior within {6-12/6} months (C-SSRS)",
               "Patient Global Impression of Change|Score from 1 to 7, lower is better.|units on a "
               "scale|M|38|-6|12\nChange From Baseline in Montreal Cognitive Assessment|Score from "
               "0 to 30.|units on a scale|M|-4|7|24",
               "Somnolence|Nervous system disorders\nFall|Injury, poisoning and procedural "
               "complications\nInsomnia|Psychiatric disorders"},
    [RESPIRATORY] =
        {"Able to perform acceptable and repeatable spirometry\nNon-smoker, or former smoker for "
         "at least {6-12/6} months",
         "Lung infection treated with antibiotics within {4-6} weeks\nOxygen saturation \\< "
         "{88-92} % at rest on room air",
         "Change From Baseline in St. George's Respiratory Questionnaire|Score from 0 to 100, "
         "lower is better.|units on a scale|M|-31|-58|132\nChange From Baseline in 6-Minute Walk "
         "Distance|Distance walked on a 30 m course.|meters|M|41|181|550",
         "Cough|Respiratory, thoracic and mediastinal disorders\nUpper respiratory tract "
         "infection|Infections and infestations\nBronchitis|Infections and infestations"},
    [INFECTION] =
        {"Body temperature and vital signs documented within {24-72/24} hours",
         "Immunosuppressive treatment within {1-3} months\nAntibiotics within {7-14/7} days for "
         "another infection\nNeutrophil count \\< {500-1000/500} cells/mm3",
         "Length of Hospital Stay|Days from admission to discharge.|days|M|82|-9|51\nAll-Cause "
         "Mortality at Day 60|Death from any cause.|percentage of participants|P|64|-14|0",
         "Pyrexia|General disorders\nInjection site pain|General "
         "disorders\nMyalgia|Musculoskeletal and connective tissue disorders"},
    [ONCOLOGY] =
        {"Eastern Cooperative Oncology Group (ECOG) performance status of 0 or 1\nMeasurable "
         "disease by RECIST 1.1\nTumor tissue available for testing",
         "Untreated or symptomatic brain metastases\nChemotherapy, radiotherapy or surgery within "
         "{2-4} weeks\nLive vaccine within 30 days\nActive autoimmune disease that needed systemic "
         "treatment within {1-2} years\nLVEF \\< {45-50/5} %",
         "Overall Survival|Time to death from any cause.|months|S|164|41|0\nObjective Response "
         "Rate|Complete or partial response by RECIST 1.1.|percentage of "
         "participants|P|281|121|0\nDuration of Response|From first response to "
         "progression.|months|S|84|32|0",
         "Neutropenia|Blood and lymphatic system disorders\nAnaemia|Blood and lymphatic system "
         "disorders\nAlopecia|Skin and subcutaneous tissue disorders\nThrombocytopenia|Blood and "
         "lymphatic system disorders\nNeuropathy peripheral|Nervous system disorders"},
    [PSYCHIATRY] = {"Diagnosis confirmed by a structured clinical interview\nOn stable "
                    "psychotropic medication for {4-8/4} weeks, or on none",
                    "Current psychotic or bipolar disorder\nSuicidal intent or attempt within "
                    "{6-12/6} months\nElectroconvulsive therapy within {3-6} months",
                    "Change From Baseline in Sheehan Disability Scale|Score from 0 to 30, higher "
                    "is worse.|units on a scale|M|-52|-21|71\nClinical Global Impression of "
                    "Severity|Score from 1 to 7.|units on a scale|M|-11|-6|11",
                    "Anxiety|Psychiatric disorders\nDry mouth|Gastrointestinal disorders\nWeight "
                    "increased|Investigations"},
    [RHEUM] = {"Symptoms for at least {3-12/3} months\nStable dose of nonsteroidal "
               "anti-inflammatory drugs for {2-4} weeks",
               "Other inflammatory joint disease\nActive or latent untreated tuberculosis\nHistory "
               "of venous thromboembolism",
               "Change From Baseline in Health Assessment Questionnaire Disability Index|Score "
               "from 0 to 3.|units on a scale|M|-2|-3|6\nChange From Baseline in C-Reactive "
               "Protein|Central laboratory.|mg/L|M|-31|-82|122",
               "Arthralgia|Musculoskeletal and connective tissue disorders\nUpper respiratory "
               "tract infection|Infections and infestations\nHypertension|Vascular disorders"},
    [DERMA] = {"Candidate for systemic treatment or phototherapy",
               "Other skin disease that could interfere with the assessment\nTopical treatment "
               "within {1-2} weeks\nBiologic treatment within {8-16/4} weeks",
               "Change From Baseline in Dermatology Life Quality Index|Score from 0 to 30, lower "
               "is better.|units on a scale|M|-31|-71|62\nChange in Peak Pruritus Numeric Rating "
               "Scale|Score from 0 to 10.|units on a scale|M|-11|-28|24",
               "Pruritus|Skin and subcutaneous tissue disorders\nConjunctivitis|Eye "
               "disorders\nFolliculitis|Infections and infestations"},
    [GASTRO] = {"Endoscopy within {3-12/3} months",
                "Cirrhosis (Child-Pugh B or C)\nPrevious major abdominal surgery\nTotal bilirubin "
                "\\> {15-20/5}/10 mg/dL",
                "Change From Baseline in Fecal Calprotectin|Central "
                "laboratory.|ug/g|M|-610|-2210|3810\nEndoscopic Improvement|Read by a blinded "
                "center.|percentage of participants|P|171|152|0",
                "Abdominal pain|Gastrointestinal disorders\nConstipation|Gastrointestinal "
                "disorders\nAlanine aminotransferase increased|Investigations"},
    [RENAL] = {"Stable kidney function for at least {1-3} months",
               "Acute kidney injury within {1-3} months\nBlood pressure \\> "
               "{160-170/10}/{100-110/10} mmHg\nUrinary tract obstruction",
               "Change From Baseline in Systolic Blood Pressure|Office "
               "measurement.|mmHg|M|-21|-51|141\nProportion of Participants With a 40 Percent "
               "Decline of Estimated GFR|Or kidney failure.|percentage of participants|P|142|-41|0",
               "Hyperkalaemia|Metabolism and nutrition disorders\nOedema peripheral|General "
               "disorders\nMuscle spasms|Musculoskeletal and connective tissue disorders"},
    [HEMA] = {"Platelet count \\>= {50-100/25} x 10^9/L\nAbsolute neutrophil count \\>= "
              "{10-15/5}/10 x 10^9/L",
              "Transfusion within {4-12/4} weeks\nIron overload with liver iron \\> {10-15/5} mg/g",
              "Change From Baseline in Hemoglobin|Central laboratory.|g/dL|M|2|11|12\nNumber of "
              "Transfusions|Units of red cells.|units|M|41|-22|38",
              "Anaemia|Blood and lymphatic system disorders\nPain in extremity|Musculoskeletal and "
              "connective tissue disorders\nReticulocyte count decreased|Investigations"},
    [WOMEN] = {"Regular contact with the study center until {4-12/4} weeks after the end",
               "Undiagnosed vaginal bleeding\nUse of hormones within {1-3} months\nHistory of "
               "venous thromboembolism",
               "Neonatal Intensive Care Admission|Within 28 days of birth.|percentage of "
               "participants|P|91|-14|0\nMaternal Adverse Outcome|Composite.|percentage of "
               "participants|P|71|-9|0",
               "Hot flush|Vascular disorders\nVaginal haemorrhage|Reproductive system and breast "
               "disorders\nVomiting|Gastrointestinal disorders"},
    [PEDIATRICS] =
        {"Consent of a parent or legal guardian, and assent of the child where appropriate",
         "Weight below the {3-5}th percentile\nVaccination within {2-4} weeks",
         "Growth Velocity|Standardized for age.|z-score|M|1|2|9\nParent-Reported Quality of "
         "Life|PedsQL total score.|units on a scale|M|21|34|131",
         "Vomiting|Gastrointestinal disorders\nOtitis media|Infections and infestations\nDecreased "
         "appetite|Metabolism and nutrition disorders"},
    [EYE] = {"Clear ocular media and sufficient pupil dilation for imaging",
             "Uncontrolled intraocular pressure (\\> {25-30} mmHg)\nActive eye infection\nAny eye "
             "surgery within {3-6} months",
             "Change in Central Subfield Thickness|Optical coherence "
             "tomography.|um|M|-211|-1120|810\nProportion of Eyes Gaining 15 Letters|ETDRS "
             "chart.|percentage of participants|P|121|141|0",
             "Conjunctival haemorrhage|Eye disorders\nEye pain|Eye disorders\nVitreous "
             "floaters|Eye disorders"},
    [PAIN] = {"Able to use a numeric rating scale for pain",
              "Daily opioid treatment\nBleeding disorder or anticoagulant treatment\nFibromyalgia "
              "or another widespread pain syndrome",
              "Patient Satisfaction|Score from 0 to 10.|units on a scale|M|68|9|18\nTime to First "
              "Rescue Analgesia|Hours.|hours|M|61|42|48",
              "Pruritus|Skin and subcutaneous tissue disorders\nVomiting|Gastrointestinal "
              "disorders\nProcedural hypotension|Injury, poisoning and procedural complications"},
};

unsigned demo_lines(const char *list) {
  unsigned n = 1;
  for (; *list; list++)
    n += *list == '\n';
  return n;
}

th_span demo_line(const char *list, unsigned i) {
  for (; i; i--)
    list = strchr(list, '\n') + 1;
  const char *end = strchr(list, '\n');
  return (th_span){list, end ? (size_t)(end - list) : strlen(list)};
}

th_span demo_part(th_span line, unsigned i) {
  const char *bar;
  for (; i && (bar = memchr(line.p, '|', line.n)); i--)
    line.n -= (size_t)(bar + 1 - line.p), line.p = bar + 1;
  if (i) return (th_span){line.p, 0};
  bar = memchr(line.p, '|', line.n);
  if (bar) line.n = (size_t)(bar - line.p);
  return line;
}
