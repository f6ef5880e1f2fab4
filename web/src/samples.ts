/** The saved operations of web/operations/: one .graphql file each, variables in a .json file of the same name. */

export interface Sample {
  title: string;
  query: string;
  variables: string;
}

const queries = import.meta.glob<string>("../operations/*.graphql", { query: "?raw", import: "default", eager: true });
const variables = import.meta.glob<string>("../operations/*.json", { query: "?raw", import: "default", eager: true });

/** In the order of the file names; the first comment line is the title. */
export const samples: Sample[] = Object.keys(queries)
  .sort()
  .map((path) => {
    const query = queries[path] ?? "";
    return {
      title: (query.split("\n", 1)[0] ?? "").replace(/^#\s*/, ""),
      query,
      variables: (variables[path.replace(/graphql$/, "json")] ?? "").trim(),
    };
  });

/** What a first visit shows: the operation most people come for. */
export const firstSample =
  samples.find((sample) => sample.query.includes("query CustomersThatNeedAttention")) ?? samples[0];
