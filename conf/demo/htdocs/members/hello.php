<?php
// httpd has checked the token before this script runs, and has set these two. They are no
// request headers, so no client can write them.
$name = htmlspecialchars($_SERVER['REMOTE_USER']);
$id = htmlspecialchars($_SERVER['AUTH_JWT_USER_ID']);
?>
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Hello</title>
<p>Hello, <?= $name ?>! PHP has your name from REMOTE_USER; your number is <?= $id ?>.</p>
</html>
