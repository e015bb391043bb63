/**
 * Servers that speak no HTTP, and databases, by the images that they are known by: no name is given to them without a label;
 * and the ports that web servers usually have. Pure.
 */
const images: ReadonlySet<string> = new Set([
  ...['postgres', 'postgresql', 'postgis', 'pgvector', 'timescaledb', 'timescaledb-ha', 'pgbouncer', 'cockroach'],
  ...['mysql', 'mysql-server', 'mariadb', 'percona', 'percona-server', 'oracle-xe', 'oracle-free', 'db2'],
  ...['mssql-server', 'azure-sql-edge', 'mongo', 'mongodb', 'mongodb-community-server', 'ferretdb'],
  ...['redis', 'redis-stack', 'redis-stack-server', 'valkey', 'keydb', 'dragonfly', 'memcached', 'etcd', 'zookeeper'],
  ...['cassandra', 'scylla', 'couchdb', 'couchbase', 'neo4j', 'arangodb', 'rethinkdb', 'surrealdb', 'yugabyte'],
  ...['elasticsearch', 'opensearch', 'clickhouse', 'clickhouse-server', 'influxdb', 'foundationdb', 'vitess'],
  ...['rabbitmq', 'nats', 'kafka', 'cp-kafka', 'cp-server', 'redpanda', 'pulsar', 'activemq', 'activemq-artemis'],
  ...['mosquitto', 'eclipse-mosquitto', 'emqx', 'openldap', 'openssh-server'],
]);

/** Ports that web servers usually have, the likeliest first. */
const webPorts = [80, 8080, 3000, 8000, 5173, 4200, 5000, 8888, 4000, 8081, 9000, 15672, 8025, 3001];

/** The name of an image of such a server, without its registry and tag; undefined for any other image. */
export function serverOfImage(image: string | undefined): string | undefined {
  const name = imageName(image ?? '');
  return images.has(name) ? name : undefined;
}

/** `postgres` for `docker.io/library/postgres:16@sha256:…`; empty for an image that is named by its id only. */
export function imageName(image: string): string {
  const path = image.replace(/@.*$/, '');
  const last = path.slice(path.lastIndexOf('/') + 1).replace(/:.*$/, '');
  return last === 'sha256' || /^[\da-f]{12,64}$/.test(last) ? '' : last.toLowerCase();
}

/** Lower for a port that is more likely a web server's. */
export function rankOfPort(port: number): number {
  const rank = webPorts.indexOf(port);
  return rank < 0 ? webPorts.length : rank;
}

export function isWebPort(port: number): boolean {
  return webPorts.includes(port);
}
