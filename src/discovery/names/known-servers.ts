/**
 * Servers that speak no HTTP, and databases, by the ports and the images that they are known by: no name is given to them
 * without a label. Pure.
 */
const portNames: Readonly<Record<number, string>> = {
  21: 'FTP',
  22: 'SSH',
  23: 'Telnet',
  25: 'SMTP',
  53: 'DNS',
  110: 'POP3',
  143: 'IMAP',
  389: 'LDAP',
  465: 'SMTP',
  587: 'SMTP',
  636: 'LDAP',
  993: 'IMAP',
  995: 'POP3',
  1025: 'SMTP',
  1433: 'SQL Server',
  1521: 'Oracle',
  1883: 'MQTT',
  2181: 'Zookeeper',
  2379: 'etcd',
  2380: 'etcd',
  3306: 'MySQL',
  3389: 'RDP',
  4222: 'NATS',
  4369: 'Erlang',
  5432: 'Postgres',
  5433: 'Postgres',
  5671: 'AMQP',
  5672: 'AMQP',
  5900: 'VNC',
  6379: 'Redis',
  6380: 'Redis',
  6432: 'PgBouncer',
  6650: 'Pulsar',
  7000: 'Cassandra',
  7687: 'Neo4j',
  8883: 'MQTT',
  9042: 'Cassandra',
  9092: 'Kafka',
  9093: 'Kafka',
  9200: 'Elasticsearch',
  9300: 'Elasticsearch',
  11211: 'memcached',
  25672: 'Erlang',
  26257: 'CockroachDB',
  26379: 'Redis',
  27017: 'MongoDB',
  27018: 'MongoDB',
  27019: 'MongoDB',
  33060: 'MySQL',
  50000: 'Db2',
};

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

/** The protocol of a port whose servers speak no HTTP to browsers, for people; undefined for any other port. */
export function protocolOfPort(port: number): string | undefined {
  return portNames[port];
}

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
