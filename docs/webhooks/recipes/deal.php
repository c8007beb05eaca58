<?php
// Abre um negócio no CRM quando o atendente põe a tag: um por atendimento, mesmo que o evento venha duas vezes.
//
//   PAPO_SEGREDO=whsec_… NEGOCIO_TAG=orçamento NEGOCIO_URL=https://crm.exemplo.com.br/api/negocios NEGOCIO_TOKEN=… php -S 127.0.0.1:9000 deal.php
declare(strict_types=1);
require __DIR__ . '/../receber.php';

[$id, $evento] = receber();
$tag = getenv('NEGOCIO_TAG') ?: 'orçamento';
// O destino recebe todas as mudanças de um atendimento que tem a tag; só a que a pôs abre o negócio.
if ($evento['type'] !== 'chat.tagged' || $evento['test'] || !in_array($tag, array_column($evento['data']['added'], 'name'), true)) {
    terminar(204);
}
['chat' => $chat, 'visitor' => $visitante, 'agent' => $atendente] = $evento['data'];

$negocio = [
    'titulo' => $chat['subject'] ?? "Atendimento {$chat['protocol']}",
    'contato' => ['nome' => $visitante['name'], 'email' => $visitante['email'], 'telefone' => $visitante['phone']],
    'responsavel' => $atendente['email'] ?? null,
    'origem' => ['protocolo' => $chat['protocol'], 'pagina' => $chat['page']['url'], 'campanha' => $chat['utm']['campaign']],
    'conversa' => $chat['console_url'],
];
$pedido = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => [
        'Content-Type: application/json',
        'Authorization: Bearer ' . getenv('NEGOCIO_TOKEN'),
        "Idempotency-Key: {$chat['id']}", // com ela o CRM reconhece o repetido
    ],
    'content' => json_encode($negocio, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE),
    'timeout' => 10,
    'follow_location' => 0,
    'ignore_errors' => true,
]]);
$resposta = @file_get_contents((string) getenv('NEGOCIO_URL'), false, $pedido);
$situacao = $resposta === false ? 'sem resposta' : $http_response_header[0];
if (preg_match('~^HTTP/\S+ (2\d\d|409)~', $situacao) !== 1) { // 409: já existe
    throw new RuntimeException("o CRM não aceitou o negócio: $situacao"); // responde 500, e o Papo tenta de novo
}
terminar(204);
