import type { Knex } from "knex";

/**
 * Sends statements of a transaction one after another without waiting for results in between. Otherwise a busy
 * process would hold the transaction's locks for as many turns of its event loop as there are statements. They take
 * effect in order. Once one has failed, those after it fail too.
 * @param statements that don't need each other's results.
 * @throws the first error, once all have finished.
 */
export async function pipelined<Result>(
  trx: Knex.Transaction,
  statements: Array<() => Promise<Result>>,
): Promise<Result[]> {
  const client: Knex.Client = trx.client;
  const connection: { pipeline: boolean } = await client.acquireConnection();
  connection.pipeline = true;
  try {
    const answers = await Promise.allSettled(statements.map((send) => send()));
    return answers.map((answer) => {
      if (answer.status === "rejected") throw answer.reason;
      return answer.value;
    });
  } finally {
    connection.pipeline = false;
    await client.releaseConnection(connection);
  }
}
