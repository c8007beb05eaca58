<?php
// Recebe os webhooks do Papo em PHP puro, sem biblioteca: confere a assinatura, descarta repetidos e guarda cada
// atendimento numa tabela do SQLite (ou num CSV, se o PHP não tiver o SQLite).
//
//   Ajustes → Webhooks: este endereço em «Atendimento Solicitado» (e nos outros eventos que interessarem)
//   PAPO_SEGREDO   o segredo do destino: Ajustes → Webhooks → Destinos → Editar → Revelar
//   PAPO_DADOS     o arquivo dos dados; fora da pasta que o servidor web publica
//
// Para experimentar nesta máquina:  PAPO_SEGREDO=whsec_… php -S 127.0.0.1:9000 receber.php
declare(strict_types=1);

// Até prova em contrário falhou: um erro no meio do caminho não pode virar um 200 com o evento perdido.
http_response_code(500);
ini_set('display_errors', '0');

const TOLERANCIA_S = 300;

// As receitas incluem este arquivo pelas funções; quando ele é o próprio endereço, guarda.
if (debug_backtrace() === []) {
    [$id, $evento] = receber();
    $dados = getenv('PAPO_DADOS') ?: dirname(__DIR__) . '/atendimentos.sqlite';
    extension_loaded('pdo_sqlite') ? guardar_no_sqlite($dados, $id, $evento) : guardar_no_csv("$dados.csv", $id, $evento);
    terminar(204);
}

/** O id e o evento de um pedido que veio mesmo do Papo; qualquer outro acaba aqui. */
function receber(): array
{
    // Uma falha daqui em diante responde 500, e o Papo tenta de novo, por três dias.
    set_exception_handler(function (Throwable $falha): void {
        error_log('webhook do Papo: ' . $falha->getMessage());
        terminar(500, 'não foi possível tratar o evento');
    });
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        header('Allow: POST');
        terminar(405, 'aqui só chega POST');
    }
    // O corpo é JSON: está em php://input, e $_POST fica vazio. A assinatura vale para estes bytes, antes de qualquer decodificação.
    $corpo = (string) file_get_contents('php://input');
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $hora = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    $recebidas = $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '';
    if (!assinatura_confere((string) getenv('PAPO_SEGREDO'), $id, $hora, $corpo, $recebidas)) {
        terminar(401, 'assinatura inválida');
    }
    return [$id, json_decode($corpo, true, 64, JSON_THROW_ON_ERROR)];
}

/**
 * A hora tem de ser de agora, para que ninguém reenvie um pedido antigo, e uma das assinaturas tem de ser nossa: enquanto
 * o segredo é trocado vêm duas. O segredo começa com whsec_ (HMAC) ou é a chave pública whpk_ (Ed25519).
 */
function assinatura_confere(string $segredo, string $id, string $hora, string $corpo, string $recebidas): bool
{
    [$tipo, $base64] = explode('_', $segredo, 2) + ['', ''];
    $chave = base64_decode($base64, true);
    if ($chave === false || strlen($chave) < 24) {
        throw new RuntimeException('PAPO_SEGREDO não tem o segredo do destino');
    }
    if ($id === '' || preg_match('/^\d{1,12}$/D', $hora) !== 1 || abs(time() - (int) $hora) > TOLERANCIA_S) {
        return false;
    }
    $assinado = "$id.$hora.$corpo";
    foreach (explode(' ', $recebidas) as $recebida) {
        [$versao, $base64] = explode(',', $recebida, 2) + ['', ''];
        $assinatura = (string) base64_decode($base64, true);
        $confere = match ("$tipo $versao") {
            'whsec v1' => hash_equals(hash_hmac('sha256', $assinado, $chave, true), $assinatura),
            'whpk v1a' => strlen($assinatura) === 64 && sodium_crypto_sign_verify_detached($assinatura, $assinado, $chave),
            default => false,
        };
        if ($confere) {
            return true;
        }
    }
    return false;
}

/** Um evento pode chegar duas vezes (o mesmo id) e, se um falhou, fora de ordem (a sequência diz): nenhum dos dois estraga a tabela. */
function guardar_no_sqlite(string $arquivo, string $id, array $evento): void
{
    $banco = new PDO("sqlite:$arquivo", null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 5]);
    $banco->exec('create table if not exists eventos (id text primary key, tipo text not null, em text not null)');
    $banco->exec('create table if not exists atendimentos (chat text primary key, visitante text not null, sequencia integer not null, protocolo text,
        estado text, nome text, email text, telefone text, setor text, atendente text, assunto text, tags text, nota integer, pagina text,
        solicitado_em text, encerrado_em text, console text)');
    $banco->exec('begin immediate');
    $novo = $banco->prepare('insert or ignore into eventos values (?, ?, ?)');
    $novo->execute([$id, $evento['type'], $evento['timestamp']]);
    if ($novo->rowCount() === 1 && !$evento['test']) {
        if ($evento['type'] === 'visitor.erased') {
            $banco->prepare('delete from atendimentos where visitante = ?')->execute([$evento['data']['visitor']['id']]);
        } elseif (isset($evento['data']['chat'], $evento['sequence'])) {
            $linha = linha($evento);
            $colunas = implode(', ', array_keys($linha));
            $valores = implode(', ', array_fill(0, count($linha), '?'));
            $troca = implode(', ', array_map(fn ($coluna) => "$coluna = excluded.$coluna", array_keys($linha)));
            $banco->prepare("insert into atendimentos ($colunas) values ($valores)
                on conflict (chat) do update set $troca where excluded.sequencia > atendimentos.sequencia")->execute(array_values($linha));
        }
    }
    $banco->exec('commit');
}

/** Sem o SQLite: uma linha por evento. */
function guardar_no_csv(string $arquivo, string $id, array $evento): void
{
    if ($evento['test'] || !isset($evento['data']['visitor'])) {
        return;
    }
    $csv = fopen($arquivo, 'c+b') ?: throw new RuntimeException("$arquivo não abre");
    flock($csv, LOCK_EX);
    $linhas = [];
    while (($lida = fgetcsv($csv, null, ',', '"', '')) !== false) {
        $linhas[] = $lida;
    }
    if (in_array($id, array_column($linhas, 0), true)) {
        return;
    }
    if ($evento['type'] === 'visitor.erased') {
        $linhas = array_filter($linhas, fn ($guardada) => $guardada[3] !== $evento['data']['visitor']['id']);
        ftruncate($csv, 0);
        rewind($csv);
    } elseif (isset($evento['data']['chat'], $evento['sequence'])) {
        $linha = ['evento' => $id, 'tipo' => $evento['type']] + linha($evento);
        // Planilhas executam o que começa com estes sinais.
        $inofensivo = fn ($valor) => is_string($valor) && preg_match('/^[=+\-@\t\r]/', $valor) ? "'$valor" : $valor;
        $linhas = [...($linhas === [] ? [array_keys($linha)] : []), array_map($inofensivo, array_values($linha))];
    } else {
        return;
    }
    foreach ($linhas as $nova) {
        fputcsv($csv, $nova, ',', '"', '') !== false || throw new RuntimeException("não coube em $arquivo");
    }
    fclose($csv);
}

/** O atendimento como ficou depois do evento. */
function linha(array $evento): array
{
    ['chat' => $chat, 'visitor' => $visitante, 'agent' => $atendente] = $evento['data'];
    return [
        'chat' => $chat['id'],
        'visitante' => $visitante['id'],
        'sequencia' => $evento['sequence'],
        'protocolo' => $chat['protocol'],
        'estado' => $chat['state'],
        'nome' => $visitante['name'],
        'email' => $visitante['email'],
        'telefone' => $visitante['phone'] ?? $visitante['phone_raw'],
        'setor' => $chat['department']['name'],
        'atendente' => $atendente['name'] ?? null,
        'assunto' => $chat['subject'],
        'tags' => implode(', ', array_column($chat['tags'], 'name')),
        'nota' => $chat['rating']['score'] ?? null,
        'pagina' => $chat['page']['url'],
        'solicitado_em' => $chat['requested_at'],
        'encerrado_em' => $chat['finished_at'],
        'console' => $chat['console_url'],
    ];
}

/** Responde e acaba. Qualquer 2xx vale como recebido; com outra resposta o Papo tenta de novo. */
function terminar(int $codigo, string $texto = '', string $tipo = 'text/plain; charset=utf-8'): never
{
    http_response_code($codigo);
    header("Content-Type: $tipo");
    if ($texto !== '') {
        header('Content-Length: ' . strlen($texto)); // o servidor de testes do PHP não o diz sozinho
    }
    exit($texto);
}
