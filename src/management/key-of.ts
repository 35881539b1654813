/** The row a path names, in the environment of the request. */
export function keyOf({
  params,
  environment,
}: {
  params: { id: string };
  environment: { environment_id: string };
}) {
  return { id: params.id, environment_id: environment.environment_id };
}
