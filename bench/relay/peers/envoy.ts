import { helloName } from '../hello-server.ts';
import { endsTls, printedVersion, written, type Recipe, type RelayedPort, type Setup } from './recipe.ts';

export const envoy: Recipe = {
  title: 'Envoy',
  program: 'envoy',
  lacks: [],
  version: () => printedVersion('envoy', '--version'),
  async commands(setup) {
    const resources = {
      listeners: setup.ports.map((port) => listener(port, setup)),
      clusters: setup.ports.map(cluster),
    };
    const file = await written(setup, 'envoy.json', JSON.stringify({ static_resources: resources }));
    const quiet = ['--log-level', 'error', '--disable-hot-restart'];
    return [['-c', file, '--concurrency', String(setup.workers), ...quiet]];
  },
};

const types = 'type.googleapis.com/envoy.extensions';

function listener(port: RelayedPort, { certificate }: Setup): object {
  const { kind, listen } = port;
  const proxy = {
    '@type': `${types}.filters.network.tcp_proxy.v3.TcpProxy`,
    ...{ stat_prefix: kind, cluster: kind, idle_timeout: '0s' },
  };
  const chain = { filters: [{ name: 'tcp_proxy', typed_config: proxy }] };
  const base = { name: kind, address: socketAddress(listen) };
  if (kind === 'named') {
    const inspector = { '@type': `${types}.filters.listener.tls_inspector.v3.TlsInspector` };
    return {
      ...base,
      listener_filters: [{ name: 'tls_inspector', typed_config: inspector }],
      filter_chains: [{ ...chain, filter_chain_match: { server_names: [helloName] } }],
    };
  }
  if (!endsTls(port)) return { ...base, filter_chains: [chain] };
  const pair = { certificate_chain: { filename: certificate }, private_key: { filename: certificate } };
  const tls = {
    '@type': `${types}.transport_sockets.tls.v3.DownstreamTlsContext`,
    common_tls_context: { tls_certificates: [pair] },
  };
  return { ...base, filter_chains: [{ ...chain, transport_socket: { name: 'tls', typed_config: tls } }] };
}

function cluster({ kind, to }: RelayedPort): object {
  const raw = {
    name: 'raw_buffer',
    typed_config: { '@type': `${types}.transport_sockets.raw_buffer.v3.RawBuffer` },
  };
  const header = {
    '@type': `${types}.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport`,
    config: { version: 'V2' },
    transport_socket: raw,
  };
  const endpoint = { endpoint: { address: socketAddress(to) } };
  return {
    ...{ name: kind, type: 'STATIC', connect_timeout: '5s' },
    load_assignment: { cluster_name: kind, endpoints: [{ lb_endpoints: [endpoint] }] },
    // The default is 1,024 connections.
    circuit_breakers: { thresholds: [{ max_connections: 9_000, max_pending_requests: 9_000 }] },
    ...(kind === 'proxied' ? { transport_socket: { name: 'proxy_protocol', typed_config: header } } : {}),
  };
}

function socketAddress(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
