/* A matching service as its package means it to be built, with Trialhead behind it: patients' Bundles come to the service, go on
 * to the operation that matches, and the searchset goes back. Then the service is asked, and what it answers is looked at with the
 * package's own tools. OUT gets the answer, for the check of its types. */
import ClinicalTrialMatchingService, {
  ClientError, ClinicalTrialMatcher, QueryParameters, SearchBundleEntry, SearchSet, ServerError, findNCTNumber, getContainedResource
} from 'clinical-trial-matching-service';
import { Bundle, FhirResource, Reference, ResearchStudy } from 'fhir/r4';
import { writeFileSync } from 'fs';
import { AddressInfo } from 'net';

const operation = process.env['ROOT'] + '/api/trialhead/v1/fhir/ResearchStudy/$match';
const registry = process.env['BASE'] as string;

/* What people choose on the page of the service, as parameters of a search. */
function queryOf(parameters: QueryParameters): URLSearchParams {
  const query = new URLSearchParams({ order: 'eligible', n: '20' });
  if (parameters.recruitmentStatus) query.set('filter.overallStatus', parameters.recruitmentStatus);
  return query;
}

const match: ClinicalTrialMatcher = async (patient: Bundle, parameters: QueryParameters) => {
  const answer = await fetch(`${operation}?${queryOf(parameters)}`, {
    method: 'POST', headers: { 'Content-Type': 'application/fhir+json' }, body: JSON.stringify(patient)
  });
  const found = await answer.json();
  if (answer.status >= 500) throw new ServerError('the registry failed');
  if (!answer.ok) throw new ClientError(found.error.message ?? String(found.error), answer.status);
  return new SearchSet((found as Bundle<ResearchStudy>).entry as SearchBundleEntry[]);
};

function check(good: unknown, what: string, seen?: unknown): asserts good {
  if (!good) throw new Error(`${what}: ${JSON.stringify(seen)}`.substring(0, 2000));
}

function* references(value: unknown): Generator<Reference> {
  if (typeof value !== 'object' || value === null) return;
  if ('reference' in value) yield value as Reference;
  for (const inner of Object.values(value)) yield* references(inner);
}

/* Everything a study names is in it, and nothing is in it that is not named. */
function checkContained(study: ResearchStudy) {
  const named = new Set<string>();
  for (const to of references(study)) {
    const local = to.reference ?? '';
    check(local.startsWith('#'), 'a reference leaves the study', to);
    const id = local.substring(1), there: FhirResource | null = getContainedResource(study, id);
    check(there !== null && there.resourceType === to.type, 'a reference leads nowhere', to);
    named.add(id);
  }
  check((study.contained ?? []).every(c => named.has(c.id as string)), 'contained and not named', study.contained);
}

async function checkAgainstRegistry(study: ResearchStudy) {
  const nct = findNCTNumber(study);
  check(nct !== null && study.id === nct, 'no NCT number', study.identifier);
  const record = (await (await fetch(`${registry}/studies/${nct}`)).json()).protocolSection;
  check(study.title === record.identificationModule.briefTitle, 'another title', study.title);
  check(study.condition?.map(c => c.text).join() === record.conditionsModule?.conditions?.join(), 'other conditions', study.condition);
  check((study.site ?? []).length === (record.contactsLocationsModule?.locations ?? []).length, 'other sites', study.site);
  check(study.enrollment?.[0].display === record.eligibilityModule?.eligibilityCriteria, 'other criteria', study.enrollment);
  check((study.arm ?? []).length === (record.armsInterventionsModule?.armGroups ?? []).length, 'other arms', study.arm);
  check(record.statusModule.overallStatus !== 'RECRUITING' || study.status === 'active', 'another status', study.status);
}

function checkEntry(entry: SearchBundleEntry, before: number): number {
  const score = entry.search.score as number;
  const grade = entry.search.extension?.find(e => e.url.endsWith('/match-grade'))?.valueCode;
  check(entry.search.mode === 'match' && score >= 0 && score <= before, 'scores', entry.search);
  check(grade === 'certainly-not' ? score <= 0.5 : score >= 0.5, 'grades', entry.search);
  check(entry.search.extension?.some(e => e.url.includes('explanation') && e.valueString), 'no explanation', entry.search);
  return score;
}

async function main() {
  const service = new ClinicalTrialMatchingService(match, { port: 0, host: '127.0.0.1' }, { ignoreEnvironment: true });
  service.log = () => undefined;
  const server = await service.listen();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/getClinicalTrial`;
  const ask = async (patient: unknown): Promise<[number, SearchSet & { error?: string }]> => {
    const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(patient) });
    return [answer.status, await answer.json()];
  };
  const patient = JSON.parse(process.env['PATIENT'] as string) as Bundle;
  const [status, found] = await ask(patient);
  check(status === 200 && found.resourceType === 'Bundle' && found.type === 'searchset', 'no searchset', found);
  check(found.entry.length > 4 && found.entry.length === found.total, 'too few', found.total);
  let score = 1;
  for (const entry of found.entry) {
    score = checkEntry(entry, score);
    checkContained(entry.resource as ResearchStudy);
    await checkAgainstRegistry(entry.resource as ResearchStudy);
  }
  writeFileSync(process.env['OUT'] as string, JSON.stringify(found));

  // what was chosen comes along in the patient's Bundle
  const choice = { resource: { resourceType: 'Parameters', parameter: [{ name: 'recruitmentStatus', valueString: 'RECRUITING' }] } };
  const [, recruiting] = await ask({ ...patient, entry: [choice, ...(patient.entry ?? [])] });
  check(recruiting.entry.length > 0 && recruiting.entry.every(e => e.resource?.status === 'active'), 'not recruiting', recruiting);

  // a Bundle of nobody is the client's fault, and the service says why
  const [refused, why] = await ask({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: { resourceType: 'Patient', id: 'a' } }, { resource: { resourceType: 'Patient', id: 'b' } }] });
  check(refused === 400 && why.error?.includes('second patient'), 'not refused', why);

  // the request as an older client of the service sends it on
  for (const patientData of [patient, JSON.stringify(patient)]) {
    const wrapped = await fetch(operation + '?order=eligible&n=20', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ patientData }) });
    check(JSON.stringify(((await wrapped.json()) as Bundle).entry) === JSON.stringify(found.entry), 'wrapped it is another answer');
  }
  await service.close();
  console.log('ok');
}

main().catch(error => { console.error(error); process.exit(1); });
